package dev.varve.io.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files that a confined thread may use as disks: fewer than {@link Landlock} lets it read,
 * because a Java program reads files of the system too. It holds for the threads that this one
 * starts, as the kernel's rules do.
 */
final class Reach {

  private static final InheritableThreadLocal<@Nullable List<Path>> ROOTS =
      new InheritableThreadLocal<>();

  private Reach() {}

  static void confine(List<Path> roots) {
    ROOTS.set(List.copyOf(roots));
  }

  /** Whether this thread may use a file that it has opened: the file itself, not the name. */
  static boolean includes(int descriptor) {
    List<Path> roots = ROOTS.get();
    if (roots == null) return true;
    try {
      Path opened = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
      return roots.stream().anyMatch(opened::startsWith);
    } catch (IOException _) {
      return false;
    }
  }
}
