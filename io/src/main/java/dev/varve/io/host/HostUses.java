package dev.varve.io.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the host itself uses block devices for: file systems that are mounted, swap space, and
 * devices made of others.
 */
final class HostUses {

  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
  private static final Path SWAPS = Path.of("/proc/swaps");

  /** By the numbers of a device, as in 8:1, and by its file. */
  private final Map<String, String> uses = new HashMap<>();

  private HostUses() {}

  static HostUses read() throws IOException {
    var found = new HostUses();
    for (String line : lines(MOUNTS)) found.addMount(line.split(" "));
    for (String line : lines(SWAPS)) {
      String[] words = line.split("[ \t]+");
      if (words[0].startsWith("/")) found.uses.put(words[0], "the host's swap space");
    }
    return found;
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  /** {@code 36 35 98:0 /root /mount options [more] - type source superOptions}. */
  private void addMount(String[] words) {
    String use = "mounted on " + words[4].replace("\\040", " ");
    uses.putIfAbsent(words[2], use);
    for (int i = 6; i < words.length - 2; i++) {
      if (words[i].equals("-")) uses.putIfAbsent(words[i + 2], use);
    }
  }

  /**
   * How the host uses a device, or a part of it; null if it does not.
   *
   * @param facts its folder in sysfs
   */
  @Nullable String of(Path facts, Path path) throws IOException {
    String use = uses.get(Files.readString(facts.resolve("dev")).strip());
    if (use == null) use = uses.get(path.toString());
    if (use != null) return use;
    Path holders = facts.resolve("holders");
    if (Files.isDirectory(holders)) {
      try (Stream<Path> listed = Files.list(holders)) {
        Path holder = listed.findFirst().orElse(null);
        if (holder != null) return "a part of " + holder.getFileName();
      }
    }
    try (Stream<Path> below = Files.list(facts.toRealPath())) {
      for (Path part : below.filter(each -> Files.exists(each.resolve("partition"))).toList()) {
        String used = of(part, path.resolveSibling(part.getFileName()));
        if (used != null) return "in use: its partition " + part.getFileName() + " is " + used;
      }
    }
    return null;
  }
}
