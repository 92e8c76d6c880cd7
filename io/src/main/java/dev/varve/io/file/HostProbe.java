package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds out whether the host answers, by waiting for it. Any thread that may wait. */
public final class HostProbe {

  private HostProbe() {}

  /**
   * Returns when the host has looked at a folder and made a file without a name in it, or has
   * refused to. Waits as long as the file system is frozen or does not answer; never fails, and
   * leaves nothing behind.
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
