package dev.varve.io.file;

import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Opens images and devices: claims, locks and maps them; a failure leaves nothing open. Any thread;
 * blocks.
 */
final class FileOpening {
  private static final int OWNER_READS_AND_WRITES = 0600;

  private FileOpening() {}

  /**
   * @param access {@link Posix#O_RDONLY} or {@link Posix#O_RDWR}
   */
  static MappedFile image(Path path, int access, long reach) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException(path + " is not a regular file, as an image must be");
    }
    boolean write = access == Posix.O_RDWR;
    if (write) {
      checkFree(path, true); // says what locks the file,
      OtherWriters.refuse(path); // and this, what writes to it without
    }
    int fd = Posix.open(path, access | Posix.O_CLOEXEC, 0);
    return lockAndMap(path, fd, write, reach, MappedFile.Kind.FILE);
  }

  static MappedFile plain(Path path) throws IOException {
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) throw notPlain(path);
    int access = Posix.O_RDONLY | Posix.O_NOFOLLOW | Posix.O_NONBLOCK | Posix.O_CLOEXEC;
    try {
      int fd = Posix.open(path, access, 0);
      return lockAndMap(path, fd, false, 0, MappedFile.Kind.FILE);
    } catch (PosixException e) {
      throw e.errno() == Posix.ELOOP ? notPlain(path) : e;
    }
  }

  private static IOException notPlain(Path path) {
    return new IOException(
        path + " is not a regular file, or a link to one, which is not followed");
  }

  static MappedFile unlocked(Path path) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException(path + " is not a regular file, as an image must be");
    }
    int fd = Posix.open(path, Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    return map(path, fd, false, 0, MappedFile.Kind.FILE);
  }

  /**
   * A file that has no name yet, see {@link Posix#link}.
   *
   * @param path what it will be called, in messages too
   * @throws PosixException the file system may have no such files
   */
  static MappedFile nameless(Path path) throws IOException {
    Path folder = Objects.requireNonNull(path.getParent());
    int fd =
        Posix.open(
            folder, Posix.O_TMPFILE | Posix.O_RDWR | Posix.O_CLOEXEC, OWNER_READS_AND_WRITES);
    return lockAndMap(path, fd, true, 0, MappedFile.Kind.FILE);
  }

  static MappedFile device(Path path, boolean write) throws IOException {
    int fd = write ? claimToWrite(path, path) : claim(path, path, Posix.O_RDONLY);
    return lockAndMap(path, fd, write, 0, MappedFile.Kind.DEVICE);
  }

  static MappedFile direct(Path path) throws IOException {
    int fd = claim(path, path, Posix.O_RDONLY | Posix.O_EXCL | Posix.O_DIRECT);
    boolean write = !isReadOnlyDevice(fd);
    if (write) {
      Posix.close(fd);
      fd = claim(path, path, Posix.O_RDWR | Posix.O_EXCL | Posix.O_DIRECT);
    }
    return lockAndMap(path, fd, write, 0, MappedFile.Kind.DIRECT);
  }

  /**
   * @param device the name to open it by
   * @param name of the device, in messages
   */
  static int claimToWrite(Path device, Path name) throws IOException {
    int fd = claim(device, name, Posix.O_RDWR | Posix.O_EXCL);
    if (!isReadOnlyDevice(fd)) return fd;
    Posix.close(fd);
    throw onlyReadable(name);
  }

  static IOException onlyReadable(Path device) {
    return new IOException(device + " can only be read, says its driver: attach it read-only");
  }

  /**
   * @param name of the device, in messages
   */
  private static int claim(Path device, Path name, int access) throws IOException {
    try {
      return Posix.open(device, access | Posix.O_CLOEXEC, 0);
    } catch (PosixException e) {
      if (e.errno() != Posix.EBUSY) throw e;
      throw new ImageInUseException(
          name
              + " is in use by the host, which has mounted it or a partition of it, or by another"
              + " program that has claimed it: unmount or close it there first");
    }
  }

  static void checkFree(Path path, boolean write) throws IOException {
    int fd = Posix.open(path, Posix.O_RDONLY | Posix.O_NONBLOCK | Posix.O_CLOEXEC, 0);
    try {
      ImageLock.lookAround(fd, path, write);
    } finally {
      Posix.close(fd);
    }
  }

  private static boolean isReadOnlyDevice(int fd) throws PosixException {
    try {
      return BlockDeviceFacts.of(fd).readOnly();
    } catch (PosixException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /** Takes over {@code fd}: it is closed when this fails. */
  private static MappedFile lockAndMap(
      Path path, int fd, boolean write, long reach, MappedFile.Kind kind) throws IOException {
    try {
      ImageLock.take(fd, path, write);
    } catch (Throwable e) {
      Posix.close(fd);
      throw e;
    }
    return map(path, fd, write, reach, kind);
  }

  /** Takes over {@code fd}: it is closed when this fails. */
  private static MappedFile map(Path path, int fd, boolean write, long reach, MappedFile.Kind kind)
      throws IOException {
    Arena arena = Arena.ofShared();
    try {
      DescriptorReserve.check(path, fd);
      long length = Posix.length(fd);
      MemorySegment mapping = map(fd, length, Math.max(reach, length), arena);
      Posix.fadvise(fd, 0, 0, Posix.POSIX_FADV_RANDOM); // why: see package-info
      return new MappedFile(path, fd, write, kind, arena, mapping, length, Posix.fileSystem(fd));
    } catch (Throwable e) {
      arena.close();
      Posix.close(fd);
      throw e;
    }
  }

  /**
   * Maps the reach, or what the address space has room for: half as often as needed, but the file
   * whole if possible.
   */
  private static MemorySegment map(int fd, long length, long reach, Arena arena)
      throws PosixException {
    long covered = Residency.wholePieces(reach);
    while (true) {
      try {
        return Posix.mmap(fd, covered).reinterpret(arena, FileOpening::unmap);
      } catch (PosixException e) {
        if (e.errno() != Posix.ENOMEM || covered <= Residency.PIECE) throw e;
        long half = Residency.wholePieces(covered / 2);
        long whole = Residency.wholePieces(length);
        covered = covered > whole ? Math.max(half, whole) : half;
      }
    }
  }

  private static void unmap(MemorySegment mapping) {
    try {
      Posix.munmap(mapping);
    } catch (PosixException e) {
      throw new UncheckedIOException(e);
    }
  }
}
