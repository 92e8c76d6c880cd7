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
 * The host's own uses of block devices: mounted file systems, swap space, and devices that are made
 * of others. Not thread-safe; may block.
 */
final class HostUses {

  private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
  private static final Path SWAPS = Path.of("/proc/swaps");

  /** The uses by the numbers of a device, such as 8:1, and by its file. */
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
   * The host's use of a device or a part of it; null if there is none.
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
