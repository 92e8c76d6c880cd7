package dev.varve.http.bundle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the kernel says of this host, and of the server's process. Stateless; blocks. */
final class ProcessFacts {

  private static final List<String> HOST =
      List.of("version", "loadavg", "meminfo", "pressure/cpu", "pressure/io", "pressure/memory");

  private static final List<String> OF_PROCESS =
      List.of("status", "limits", "io", "smaps_rollup", "cgroup", "oom_score");

  private static final Pattern SERVER_OF_MOUNT = Pattern.compile("^(//)?[^/\\s:]+(?=[:/])");

  private ProcessFacts() {}

  static String host() {
    var text = new StringBuilder();
    for (String name : HOST) append(text, Path.of("/proc", name));
    text.append("== processors: ").append(Runtime.getRuntime().availableProcessors()).append('\n');
    text.append("\n== /proc/self/mounts\n").append(mounts()).append('\n');
    return text.toString();
  }

  /** Those of file systems; a server of the network has no name. */
  private static String mounts() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"))) {
      return String.join("\n", lines.map(ProcessFacts::mount).toList());
    } catch (IOException e) {
      return "cannot be read: " + e.getMessage();
    }
  }

  static String mount(String line) {
    String[] words = line.split(" ");
    if (words.length < 4) return "";
    String source =
        words[0].startsWith("/dev/")
            ? words[0]
            : SERVER_OF_MOUNT.matcher(words[0]).replaceFirst("$1HOST");
    String options =
        words[3].replaceAll(
            "\\b(user|username|domain|addr|clientaddr|password|pass)=[^,]*", "$1=(removed)");
    return String.join(" ", source, words[1], words[2], options);
  }

  static String process(long process) throws IOException {
    Path facts = Path.of("/proc", Long.toString(process));
    if (!Files.isDirectory(facts)) throw new IOException("the process has ended");
    var text = new StringBuilder();
    for (String name : OF_PROCESS) append(text, facts.resolve(name));
    text.append("== command line\n")
        .append(Files.readString(facts.resolve("cmdline")).replace('\0', ' '))
        .append("\n\n== open files, by what they are\n");
    descriptors(facts).forEach((kind, count) -> text.append(count + " " + kind + "\n"));
    return text.toString();
  }

  /** Sockets and pipes by their kind, files by the end of their name. */
  private static Map<String, Integer> descriptors(Path process) {
    Map<String, Integer> kinds = new TreeMap<>();
    List<Path> open = new ArrayList<>();
    try (Stream<Path> all = Files.list(process.resolve("fd"))) {
      all.forEach(open::add);
    } catch (IOException e) {
      kinds.put("(cannot be looked at: permission denied)", 0);
    }
    for (Path each : open) {
      try {
        kinds.merge(kind(Files.readSymbolicLink(each).toString()), 1, Integer::sum);
      } catch (IOException _) {
        // It was closed meanwhile.
      }
    }
    return kinds;
  }

  private static String kind(String target) {
    int bracket = target.indexOf(":[");
    if (bracket > 0) return target.substring(0, bracket);
    int point = target.lastIndexOf('.');
    return target.startsWith("/dev/") ? target : point > 0 ? target.substring(point) : "file";
  }

  private static void append(StringBuilder text, Path file) {
    text.append("== ").append(file).append('\n');
    try {
      text.append(Files.readString(file));
    } catch (IOException _) {
      text.append("cannot be read\n");
    }
    text.append('\n');
  }
}
