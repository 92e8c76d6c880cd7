package dev.varve.io.posix;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * A descriptor that a process of the host has open, found in {@code /proc}. Those of other users
 * are found by root only; without {@code /proc} there are none. Immutable; looking into {@code
 * /proc} may block.
 */
public record OpenDescriptor(long pid, int number) {

  private static final Path PROC = Path.of("/proc");

  /**
   * All open descriptors that lead to a target.
   *
   * @param target tests the kernel's name of a target: the path of a file, {@code socket:[INODE]}.
   *     Only the name is looked at: asking for the file could wait for a file system
   */
  public static List<OpenDescriptor> leadingTo(Predicate<String> target) {
    List<OpenDescriptor> found = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[1-9]*")) {
      for (Path process : processes) addTo(found, process, target);
    } catch (IOException | DirectoryIteratorException _) {
      // No /proc: then none is known.
    }
    return found;
  }

  private static void addTo(List<OpenDescriptor> found, Path process, Predicate<String> target) {
    long pid = Long.parseLong(process.getFileName().toString());
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path each : descriptors)
        if (leadsTo(each, target))
          found.add(new OpenDescriptor(pid, Integer.parseInt(each.getFileName().toString())));
    } catch (IOException | DirectoryIteratorException _) {
      // Another user's process, or one that has just ended.
    }
  }

  private static boolean leadsTo(Path descriptor, Predicate<String> target) {
    try {
      return target.test(Files.readSymbolicLink(descriptor).toString());
    } catch (IOException _) {
      return false; // closed in the meantime
    }
  }

  /**
   * Its flags and locks, as {@code /proc/PID/fdinfo} says them.
   *
   * @throws IOException if it has been closed in the meantime
   */
  public String info() throws IOException {
    return Files.readString(process().resolve("fdinfo").resolve(Integer.toString(number)));
  }

  /** The name of the process. */
  public String processName() {
    try {
      return Files.readString(process().resolve("comm")).strip();
    } catch (IOException _) {
      return "which has just ended";
    }
  }

  private Path process() {
    return PROC.resolve(Long.toString(pid));
  }
}
