package dev.varve.io.trial;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A program of VirtualBox that runs on this host. Immutable; looking for them may block.
 *
 * @param program its name, such as {@code VBoxSVC}
 * @param user that runs it
 * @param machine the uuid or name of the machine that it runs; null for none
 */
public record VirtualBoxProcess(long pid, String program, String user, @Nullable String machine) {

  private static final Path PROC = Path.of("/proc");

  /** As far as the kernel keeps a name: 15 letters. */
  private static final Set<String> PROGRAMS =
      Set.of("VBoxSVC", "VBoxHeadless", "VirtualBox", "VirtualBoxVM", "VBoxSDL");

  /** All that run. */
  public static List<VirtualBoxProcess> all() {
    return all(PROC);
  }

  /**
   * @param proc the folder of processes
   */
  static List<VirtualBoxProcess> all(Path proc) {
    List<VirtualBoxProcess> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[1-9]*")) {
      for (Path process : processes) {
        VirtualBoxProcess known = of(process);
        if (known != null) found.add(known);
      }
    } catch (IOException | DirectoryIteratorException _) {
      // No /proc: then none is known.
    }
    return found;
  }

  private static @Nullable VirtualBoxProcess of(Path process) {
    try {
      String program = Files.readString(process.resolve("comm")).strip();
      if (!PROGRAMS.contains(program)) return null;
      return new VirtualBoxProcess(
          Long.parseLong(process.getFileName().toString()),
          program,
          Files.getOwner(process).getName(),
          machine(process));
    } catch (IOException | NumberFormatException _) {
      return null; // it has just ended
    }
  }

  private static @Nullable String machine(Path process) {
    try {
      String line =
          new String(Files.readAllBytes(process.resolve("cmdline")), StandardCharsets.UTF_8);
      List<String> words = List.of(line.split("\0"));
      for (String option : List.of("--startvm", "-startvm", "-s")) {
        int at = words.indexOf(option);
        if (at >= 0 && at + 1 < words.size()) return words.get(at + 1);
      }
    } catch (IOException _) {
      // It has just ended.
    }
    return null;
  }
}
