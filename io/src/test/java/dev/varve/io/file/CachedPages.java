package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;

/** The host's memory of files, from which tests take what they want to be cold. */
public final class CachedPages {

  private CachedPages() {}

  /** Forgets a range of a file that is durable; nobody may have touched it in its mapping. */
  public static void drop(Path path, long offset, long length) throws IOException {
    int other = Posix.open(path, Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    try {
      Posix.fadvise(other, offset, length, Posix.POSIX_FADV_DONTNEED);
    } finally {
      Posix.close(other);
    }
  }
}
