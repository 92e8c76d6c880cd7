package dev.varve.core.medium;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which file has a name: its number in its file system, and when it was made. It stays the same
 * while the file is written and renamed; a copy of it, or what another program puts in its place,
 * is another file. Immutable.
 *
 * <p>The number of the device is no part of it: that may be another one after a restart.
 *
 * @param text one word
 */
public record FileIdentity(String text) {

  private static final Pattern KEY = Pattern.compile("\\(dev=[0-9a-f]+,ino=(\\d+)\\)");

  /** Of the file that has this name now, which is not followed if it is a link; null for none. */
  public static @Nullable FileIdentity of(Path file) {
    try {
      return new FileIdentity(
          name(Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)));
    } catch (IOException _) {
      return null;
    }
  }

  /** The same, together with its length and the time of its last write: of a file as it is now. */
  public static FileIdentity unchanged(Path file, LinkOption... options) throws IOException {
    var attributes = Files.readAttributes(file, BasicFileAttributes.class, options);
    String written = text(attributes.lastModifiedTime().toInstant());
    return new FileIdentity("%s+%d@%s".formatted(name(attributes), attributes.size(), written));
  }

  /** Whether this is what {@link #unchanged} says of a file; a link is not followed. */
  public boolean isUnchanged(Path file) {
    try {
      return equals(unchanged(file, LinkOption.NOFOLLOW_LINKS));
    } catch (IOException _) {
      return false;
    }
  }

  private static String name(BasicFileAttributes attributes) {
    Matcher key = KEY.matcher(String.valueOf(attributes.fileKey()));
    String made = text(attributes.creationTime().toInstant());
    return "%s@%s".formatted(key.matches() ? key.group(1) : "?", made);
  }

  private static String text(Instant time) {
    return "%d.%09d".formatted(time.getEpochSecond(), time.getNano());
  }
}
