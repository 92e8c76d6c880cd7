package dev.varve.core.medium;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Whether two paths lead to one file, or would if it were there. May look at folders. Any thread;
 * may block.
 */
public final class SamePlace {

  private SamePlace() {}

  /** Neither path needs to be there; symbolic links are followed. */
  public static boolean of(Path one, Path other) {
    if (one.equals(other)) return true;
    try {
      if (Files.isSameFile(one, other)) return true;
    } catch (IOException e) {
      // One of them is not there.
    }
    return real(one).equals(real(other));
  }

  /** The path without symbolic links, as far as there is something. */
  static Path real(Path path) {
    Path parent = path.getParent();
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return parent == null ? path : real(parent).resolve(path.getFileName());
    }
  }
}
