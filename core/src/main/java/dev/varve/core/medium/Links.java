package dev.varve.core.medium;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Symbolic links that stand for a file. Those in its folders are left as they are. Any thread; may
 * block.
 */
public final class Links {

  /** As many as Linux follows. */
  private static final int MOST_STEPS = 40;

  private Links() {}

  /**
   * The file itself, if this is a symbolic link to a regular file; else the path as it is. So the
   * name that the host gives a device stays: it is there to be the same after a restart.
   */
  public static Path followed(Path path) {
    try {
      return Files.isSymbolicLink(path) && Files.isRegularFile(path) ? path.toRealPath() : path;
    } catch (IOException _) {
      return path;
    }
  }

  /**
   * Where a path leads: without links, as far as there is something. So the medium of a link is
   * found also after its file is gone.
   */
  public static Path target(Path path) {
    Path at = path;
    for (int steps = 0; steps < MOST_STEPS && Files.isSymbolicLink(at); steps++) {
      try {
        at = at.resolveSibling(Files.readSymbolicLink(at));
      } catch (IOException _) {
        break; // it has just become something else
      }
    }
    return SamePlace.real(at);
  }

  /**
   * Whether a registered location is the file that {@link #target} has found; a hard link is
   * another. Only one of its name is looked at: a question about one file must not wait for the
   * file systems of all.
   */
  public static boolean isSame(Path location, Path target) {
    if (location.equals(target)) return true;
    Path name = location.getFileName();
    return name != null && name.equals(target.getFileName()) && target(location).equals(target);
  }
}
