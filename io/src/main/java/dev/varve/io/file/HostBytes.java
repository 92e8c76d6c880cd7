package dev.varve.io.file;

import dev.varve.core.medium.FileBytes;
import dev.varve.io.posix.FileExtents;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What files take on their host, and what they share with others. Any thread; blocks. */
public final class HostBytes {

  /** The errors of a file system that does not tell which extents are shared. */
  private static final Set<Integer> UNTOLD =
      Set.of(Posix.EOPNOTSUPP, Posix.ENOTTY, Posix.EINVAL, Posix.ENOSYS);

  private HostBytes() {}

  /**
   * Of one file; a symbolic link is not followed. None where there is no regular file.
   *
   * @throws IOException if it cannot be looked at
   */
  public static FileBytes of(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) return FileBytes.NONE;
    Map<String, Object> facts;
    try {
      facts = Files.readAttributes(file, "unix:size,nlink", LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException _) {
      return FileBytes.NONE; // it went meanwhile
    }
    long length = ((Number) Objects.requireNonNull(facts.get("size"))).longValue();
    boolean hasOtherName = ((Number) Objects.requireNonNull(facts.get("nlink"))).longValue() > 1;
    long allocated = Posix.allocatedBytes(file);
    long shared = Math.min(allocated, allocated == 0 ? 0 : shared(file, length));
    long own = allocated - shared;
    return new FileBytes(length, own, shared, hasOtherName ? 0 : own);
  }

  private static long shared(Path file, long length) throws IOException {
    int flags = Posix.O_RDONLY | Posix.O_NONBLOCK | Posix.O_CLOEXEC;
    int fd;
    try {
      fd = Posix.open(file, flags, 0);
    } catch (PosixException e) {
      if (e.errno() == Posix.EACCES) return 0; // it cannot be told to this user
      throw e;
    }
    try {
      return FileExtents.sharedBytes(fd, length);
    } catch (PosixException e) {
      if (UNTOLD.contains(e.errno())) return 0;
      throw e;
    } finally {
      Posix.close(fd);
    }
  }
}
