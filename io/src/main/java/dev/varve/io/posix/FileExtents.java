package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.channels.ClosedByInterruptException;

/** The extents of files on their file system ({@code FS_IOC_FIEMAP}). Any thread; blocks. */
public final class FileExtents {

  // linux/fs.h and linux/fiemap.h, the same numbers on x86_64 and aarch64.
  private static final long FS_IOC_FIEMAP = 0xc020_660bL;
  private static final int FIEMAP_EXTENT_LAST = 0x1;
  private static final int FIEMAP_EXTENT_SHARED = 0x2000;

  // struct fiemap: what is asked for, then as many extents as there is room for.
  private static final int START = 0;
  private static final int LENGTH = 8;
  private static final int MAPPED = 20;
  private static final int ROOM = 24;
  private static final int HEAD = 32;

  // struct fiemap_extent
  private static final int EXTENT_LOGICAL = 0;
  private static final int EXTENT_LENGTH = 16;
  private static final int EXTENT_FLAGS = 40;
  private static final int EXTENT = 56;

  private static final int AT_ONCE = 2048;

  /** A file in more pieces is not looked at to its end: that would take seconds. */
  private static final int MOST_EXTENTS = 4 << 20;

  private static final MethodHandle IOCTL =
      Posix.variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);

  private FileExtents() {}

  /**
   * How many bytes of a file lie where other files have their bytes too: reflinked. What is behind
   * the first millions of extents counts as shared. Fails with {@code EOPNOTSUPP} or {@code ENOTTY}
   * where the file system does not tell.
   *
   * @param fd open for reading
   * @throws ClosedByInterruptException if the thread is interrupted meanwhile
   */
  public static long sharedBytes(int fd, long length)
      throws PosixException, ClosedByInterruptException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = arena.allocate(HEAD + (long) AT_ONCE * EXTENT, Long.BYTES);
      long shared = 0;
      long offset = 0;
      for (int seen = 0; offset < length; ) {
        if (Thread.currentThread().isInterrupted()) throw new ClosedByInterruptException();
        int count = ask(fd, map, offset);
        if (count == 0) return shared;
        for (int i = 0; i < count; i++) shared += shared(map, i);
        if ((flags(map, count - 1) & FIEMAP_EXTENT_LAST) != 0) return shared;
        offset = end(map, count - 1);
        seen += count;
        if (seen >= MOST_EXTENTS) return shared + length - offset;
      }
      return shared;
    }
  }

  /** Fills in the extents that begin at an offset or behind it; returns how many. */
  private static int ask(int fd, MemorySegment map, long offset) throws PosixException {
    map.asSlice(0, HEAD).fill((byte) 0);
    map.set(JAVA_LONG, START, offset);
    map.set(JAVA_LONG, LENGTH, Long.MAX_VALUE - offset);
    map.set(JAVA_INT, ROOM, AT_ONCE);
    try {
      MemorySegment state = Posix.STATE.get();
      while ((int) IOCTL.invokeExact(state, fd, FS_IOC_FIEMAP, map) < 0)
        Posix.retryOrFail("ioctl", " FS_IOC_FIEMAP", state);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
    return map.get(JAVA_INT, MAPPED);
  }

  private static long at(int extent) {
    return HEAD + (long) extent * EXTENT;
  }

  private static int flags(MemorySegment map, int extent) {
    return map.get(JAVA_INT, at(extent) + EXTENT_FLAGS);
  }

  private static long shared(MemorySegment map, int extent) {
    boolean shared = (flags(map, extent) & FIEMAP_EXTENT_SHARED) != 0;
    return shared ? map.get(JAVA_LONG, at(extent) + EXTENT_LENGTH) : 0;
  }

  private static long end(MemorySegment map, int extent) {
    return map.get(JAVA_LONG, at(extent) + EXTENT_LOGICAL)
        + map.get(JAVA_LONG, at(extent) + EXTENT_LENGTH);
  }
}
