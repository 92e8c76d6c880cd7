package dev.varve.core.medium;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Symbolic links that stand for a file. Those in its folders are left as they are. */
public final class Links {

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
}
