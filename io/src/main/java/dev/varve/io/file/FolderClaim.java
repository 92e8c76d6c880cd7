package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps a second server out of a state folder, also one that is read-only or full, where no file
 * can be made or opened for writing: a {@code flock} on the folder itself. The kernel ends it with
 * the process. Not thread-safe; blocks for a moment.
 *
 * <p>Where there is no folder yet, or its file system knows no such locks, nothing is claimed.
 */
public final class FolderClaim implements AutoCloseable {

  private static final int NONE = -1;

  private int fd;

  private FolderClaim(int fd) {
    this.fd = fd;
  }

  /**
   * Claims a folder, without waiting.
   *
   * @throws IOException if another process has it, and says which, or if it cannot be opened
   */
  public static FolderClaim of(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) return new FolderClaim(NONE);
    int fd = Posix.open(folder, Posix.O_CLOEXEC, 0);
    try {
      if (Posix.flock(fd, Posix.LOCK_EX)) return new FolderClaim(fd);
    } catch (PosixException e) {
      Posix.close(fd); // no such locks
      return new FolderClaim(NONE);
    }
    Posix.close(fd);
    throw new IOException(
        "the state folder %s is in use by process %s; stop that one, or name another folder"
            .formatted(folder, holder(folder)));
  }

  private static String holder(Path folder) {
    try {
      String inode = ":" + Files.getAttribute(folder, "unix:ino");
      for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
        String[] words = line.split("\\s+"); // 1: FLOCK ADVISORY WRITE 4711 fe:00:2171234 0 EOF
        if (words.length == 8 && words[1].equals("FLOCK") && words[5].endsWith(inode))
          return words[4];
      }
    } catch (IOException | RuntimeException _) {
      // It stays unknown.
    }
    return "(unknown)";
  }

  @Override
  public void close() throws IOException {
    if (fd == NONE) return;
    int claimed = fd;
    fd = NONE;
    Posix.close(claimed);
  }
}
