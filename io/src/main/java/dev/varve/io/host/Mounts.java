package dev.varve.io.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the mount of a path in the host's list of mounts. The path itself is not opened and links
 * are not followed, since its file system may not respond. Any thread; may block.
 */
public final class Mounts {

  private static final Path LIST = Path.of("/proc/self/mountinfo");
  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

  private static final Mount ROOT = new Mount(Path.of("/"), "unknown", "");

  private final List<Mount> mounts = new ArrayList<>();

  private Mounts() {}

  /**
   * A mounted file system. Immutable.
   *
   * @param type as the kernel names it, such as {@code ext4} or {@code fuse.sshfs}
   * @param source its device, or its server
   */
  public record Mount(Path point, String type, String source) {}

  /** The mount point above a path; {@code /} if the host has no list. */
  public static String of(Path path) {
    return mountOf(path).point().toString();
  }

  /** The mount that a path lies on; one of an unknown type if the host has no list. */
  public static Mount mountOf(Path path) {
    try {
      return Files.exists(LIST) ? of(Files.readAllLines(LIST)).above(path) : ROOT;
    } catch (IOException _) {
      return ROOT;
    }
  }

  /**
   * The mounts of lines such as {@code 36 35 98:0 /root /mount options - type source superOptions}.
   */
  static Mounts of(List<String> mountinfo) {
    var mounts = new Mounts();
    for (String line : mountinfo) {
      List<String> words = List.of(line.split(" "));
      int dash = words.indexOf("-"); // behind it: the type, then the source
      if (words.size() <= 4) continue;
      boolean whole = dash > 4 && words.size() > dash + 2;
      mounts.mounts.add(
          new Mount(
              Path.of(unescaped(words.get(4))),
              whole ? words.get(dash + 1) : ROOT.type(),
              whole ? unescaped(words.get(dash + 2)) : ""));
    }
    return mounts;
  }

  private static String unescaped(String text) {
    return ESCAPE
        .matcher(text)
        .replaceAll(
            match ->
                Matcher.quoteReplacement(
                    String.valueOf((char) Integer.parseInt(match.group(1), 8))));
  }

  Path pointOf(Path path) {
    return above(path).point();
  }

  /** Of several at one point, the last one: it hides the others. */
  private Mount above(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    Mount longest = ROOT;
    for (Mount each : mounts)
      if (absolute.startsWith(each.point())
          && each.point().getNameCount() >= longest.point().getNameCount()) longest = each;
    return longest;
  }
}
