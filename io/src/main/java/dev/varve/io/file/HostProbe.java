package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds out whether the host answers, by waiting for it. Any thread that may wait. */
public final class HostProbe {

  private HostProbe() {}

  /**
   * Returns when the host has let a folder be looked at, and a file without a name be made in it,
   * or has refused that. Waits as long as the file system is frozen or does not answer; fails
   * never, and leaves nothing.
   */
  public static void await(Path folder) {
    if (!Files.isDirectory(folder)) return;
    try {
      Posix.close(Posix.open(folder, Posix.O_TMPFILE | Posix.O_RDWR | Posix.O_CLOEXEC, 0600));
    } catch (PosixException _) {
      // It has answered.
    }
  }
}
