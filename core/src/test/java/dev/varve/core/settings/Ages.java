package dev.varve.core.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Settings files as VirtualBox of another age writes them, made from files of version 1.19: the
 * same machine in another form.
 */
final class Ages {

  static final String USUAL = "http://www.virtualbox.org/";
  static final String INNOTEK = "http://www.innotek.de/VirtualBox-settings";

  private static final Pattern BYTES = Pattern.compile("maxBytesPerSec=\"(\\d+)\"");

  private Ages() {}

  /** All versions that are known, and two that are not. */
  static Stream<String> versions() {
    return Stream.concat(
        IntStream.rangeClosed(11, 22).mapToObj(minor -> "1." + minor), Stream.of("1.30", "2.1"));
  }

  /** The minor number; a high one for versions that come later. */
  private static int minor(String version) {
    return version.startsWith("1.") ? Integer.parseInt(version.substring(2)) : 1000;
  }

  /**
   * The machine of {@code sample} in a file of another version.
   *
   * @param version without a system: {@code 1.12}
   */
  static String in(String version, String sample) {
    int minor = minor(version);
    String text =
        sample.replace("version=\"1.19-linux\"", "version=\"%s-linux\"".formatted(version));
    if (minor < 15) text = text.replace(USUAL, INNOTEK).replaceAll(" hotpluggable=\"[a-z]*\"", "");
    if (minor < 13) text = mebibytes(text);
    if (minor < 17) text = moved(text, "StorageControllers", "", "");
    if (minor >= 20) text = moved(text, "CPU", "<Platform architecture=\"x86\">", "</Platform>");
    return text;
  }

  private static String mebibytes(String text) {
    return BYTES
        .matcher(text)
        .replaceAll(
            limit -> {
              long bytes = Long.parseLong(limit.group(1));
              boolean fits = bytes % (1 << 20) == 0;
              return Matcher.quoteReplacement(
                  fits ? "maxMbPerSec=\"" + (bytes >> 20) + '"' : limit.group());
            });
  }

  /** Moves an element out of every Hardware to the place behind it. */
  private static String moved(String text, String element, String before, String after) {
    List<String> lines = new ArrayList<>();
    List<String> taken = new ArrayList<>();
    boolean inside = false;
    for (String line : text.lines().toList()) {
      String tag = line.strip();
      inside |= tag.equals("<" + element + ">");
      if (inside) taken.add(line);
      else lines.add(line);
      inside &= !tag.equals("</" + element + ">");
      if (!tag.equals("</Hardware>")) continue;
      String indent = line.substring(0, line.indexOf('<'));
      if (!before.isEmpty()) lines.add(indent + before);
      for (String one : taken) lines.add(before.isEmpty() ? one.substring(2) : one);
      if (!after.isEmpty()) lines.add(indent + after);
      taken.clear();
    }
    return String.join("\n", lines) + "\n";
  }
}
