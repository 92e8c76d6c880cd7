package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Memory that several processes share through a descriptor. Any thread.
 *
 * <p>The other process may truncate it at any moment, unless it is sealed: then an access to a page
 * that has gone is an {@link InternalError} of the JVM.
 */
public final class SharedMemory {

  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_GET_SEALS = 1034;
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED = 0x01;
  private static final int MAP_NORESERVE = 0x4000;

  private static final MethodHandle MEMFD_CREATE =
      Posix.call("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle MMAP =
      Posix.call("mmap", JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = Posix.call("munmap", JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle FCNTL =
      Posix.variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

  private SharedMemory() {}

  /**
   * Makes memory that no other process has yet, all zero.
   *
   * @param name for people who look into {@code /proc}
   * @return its descriptor, which the caller closes
   */
  public static int create(String name, long length) throws PosixException {
    int fd;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      MemorySegment text = arena.allocateFrom(name);
      fd = (int) MEMFD_CREATE.invokeExact(state, text, MFD_CLOEXEC | MFD_ALLOW_SEALING);
      if (fd < 0) Posix.retryOrFail("memfd_create", "", state);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
    try {
      Posix.ftruncate(fd, length);
      return fd;
    } catch (PosixException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /**
   * Whether a descriptor is of memory: memfd, tmpfs or huge pages. Pages of any other file come
   * from a medium, a server or a program, for which an access to them waits.
   */
  public static boolean isMemory(int fd) {
    try {
      MemorySegment state = Posix.STATE.get();
      // Other files know no seals; the kernel asks no file system for that.
      return (int) FCNTL.invokeExact(state, fd, F_GET_SEALS, 0) >= 0;
    } catch (Throwable e) {
      throw Posix.unexpected(e);
    }
  }

  /**
   * Maps a range for reading and writing. The mapping stays until {@link #unmap}, also after the
   * descriptor is closed.
   *
   * @param offset a multiple of {@link Posix#PAGE_SIZE}
   * @return where it is
   */
  public static long map(int fd, long offset, long length) throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      while (true) {
        long address =
            (long)
                MMAP.invokeExact(
                    state,
                    MemorySegment.NULL,
                    length,
                    PROT_READ_WRITE,
                    MAP_SHARED | MAP_NORESERVE,
                    fd,
                    offset);
        if (address != -1) return address;
        Posix.retryOrFail("mmap", " of " + length + " bytes of shared memory", state);
      }
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** Ends a mapping. An access to it afterwards is one to whatever is there then. */
  public static void unmap(long address, long length) throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      while ((int) MUNMAP.invokeExact(state, address, length) < 0)
        Posix.retryOrFail("munmap", "", state);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
