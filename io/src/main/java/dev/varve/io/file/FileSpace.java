package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.LongAdder;

/**
 * The space that a file takes on its host: reserves it, zeroes it, gives it back, and finds holes.
 * Where the file system cannot do one of these, the nearest that it can do is done. Thread-safe;
 * blocks.
 */
final class FileSpace {
  private static final long ZEROES_LENGTH = 1 << 20;

  /**
   * A file is locked by the kernel while a hole is punched, 0.4 ms for each MiB that was written:
   * this is how long a small write, perhaps on an event loop, may have to wait.
   */
  private static final long PUNCHED_AT_ONCE = 4 << 20;

  /**
   * Space that is zeroed but kept is zeroed in pieces of this: each locks the file as a whole, and
   * costs a little however long it is.
   */
  private static final long ZEROED_AT_ONCE = 64 << 20;

  /** What is written where a file system cannot punch holes. */
  private static final MemorySegment ZEROES =
      Arena.global().allocate(ZEROES_LENGTH, Posix.PAGE_SIZE);

  private final MappedFile file;
  private final LongAdder givenBack = new LongAdder();

  FileSpace(MappedFile file) {
    this.file = file;
  }

  void reserve(long offset, long length) throws IOException {
    if (length == 0) return;
    try {
      Posix.fallocate(file.descriptor(), 0, offset, length);
    } catch (PosixException e) {
      if (!e.notSupported()) throw file.failed("reserving", offset, length, e);
      // At least it is longer: a full disk shows at the write, which is by position and fails in
      // order.
      file.extend(offset + length);
    }
  }

  void punch(long offset, long length) throws IOException {
    for (long done = 0, piece; done < length; done += piece) {
      piece = Math.min(PUNCHED_AT_ONCE, length - done);
      punchOnce(offset + done, piece);
    }
  }

  private void punchOnce(long offset, long length) throws IOException {
    try {
      long before = Posix.allocatedBytes(file.descriptor());
      // The kernel zeroes what is left of pages and blocks at the ends, and leaves the length
      // alone.
      Posix.fallocate(
          file.descriptor(),
          Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE,
          offset,
          length);
      // Of a device only its driver knows what it had.
      long freed = file.isDevice() ? length : before - Posix.allocatedBytes(file.descriptor());
      givenBack.add(Math.clamp(freed, 0, length));
    } catch (PosixException e) {
      if (!e.notSupported()) throw file.failed("punching a hole into", offset, length, e);
      zero(offset, Math.min(length, file.length() - offset));
    }
  }

  long givenBack() {
    return givenBack.sum();
  }

  boolean punchesHoles() throws IOException {
    try {
      long behind = Residency.wholePieces(file.length()); // nothing is there
      int mode = Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE;
      Posix.fallocate(file.descriptor(), mode, behind, Posix.PAGE_SIZE);
      return true;
    } catch (PosixException e) {
      if (e.notSupported()) return false;
      throw file.failed("trying to punch a hole behind the end", e);
    }
  }

  void zero(long offset, long length) throws IOException {
    for (long done = 0, piece; done < length; done += piece) {
      piece = Math.min(ZEROED_AT_ONCE, length - done);
      zeroOnce(offset + done, piece);
    }
  }

  private void zeroOnce(long offset, long length) throws IOException {
    try {
      Posix.fallocate(
          file.descriptor(),
          Posix.FALLOC_FL_ZERO_RANGE | Posix.FALLOC_FL_KEEP_SIZE,
          offset,
          length);
    } catch (PosixException e) {
      if (!e.notSupported()) throw file.failed("zeroing", offset, length, e);
      writeZeroes(offset, offset + length);
    }
  }

  private void writeZeroes(long offset, long end) throws IOException {
    for (long run; offset < end; offset += run) {
      run = Math.min(ZEROES_LENGTH, end - offset);
      file.write(offset, ZEROES.asSlice(0, run));
    }
  }

  long nextData(long offset, long end) throws IOException {
    if (offset >= end) return end;
    try {
      return Math.min(Posix.lseek(file.descriptor(), offset, Posix.SEEK_DATA), end);
    } catch (PosixException e) {
      return switch (e.errno()) {
        case Posix.ENXIO -> end; // nothing but a hole, or nothing at all, from here on
        case Posix.EINVAL, Posix.EOPNOTSUPP -> offset; // cannot tell holes: everything is data
        default -> throw file.failed("looking for data after " + offset, e);
      };
    }
  }

  long nextHole(long offset, long end) throws IOException {
    if (offset >= end) return end;
    try {
      return Math.min(Posix.lseek(file.descriptor(), offset, Posix.SEEK_HOLE), end);
    } catch (PosixException e) {
      return switch (e.errno()) {
        case Posix.ENXIO -> offset; // the file ends before
        case Posix.EINVAL, Posix.EOPNOTSUPP -> end; // cannot tell holes: everything is data
        default -> throw file.failed("looking for a hole after " + offset, e);
      };
    }
  }
}
