package dev.varve.io.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the mount point of a path in the host's list of mounts. The path itself is not opened and
 * links are not followed, since its file system may not respond. Any thread; may block.
 */
public final class Mounts {

  private static final Path LIST = Path.of("/proc/self/mountinfo");
  private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");

  private final List<Path> points = new ArrayList<>();

  private Mounts() {}

  /** The mount point above a path; {@code /} if the host has no list. */
  public static String of(Path path) {
    try {
      return Files.exists(LIST) ? of(Files.readAllLines(LIST)).pointOf(path).toString() : "/";
    } catch (IOException _) {
      return "/";
    }
  }

  /**
   * The mounts of lines such as {@code 36 35 98:0 /root /mount options - type source superOptions}.
   */
  static Mounts of(List<String> mountinfo) {
    var mounts = new Mounts();
    for (String line : mountinfo) {
      String[] words = line.split(" ");
      if (words.length > 4) mounts.points.add(Path.of(unescaped(words[4])));
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
    Path absolute = path.toAbsolutePath().normalize();
    Path longest = Path.of("/");
    for (Path point : points)
      if (absolute.startsWith(point) && point.getNameCount() >= longest.getNameCount())
        longest = point;
    return longest;
  }
}
