package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Descriptors of eventfd(2): a counter that one process raises to wake another. Any thread. The
 * descriptors are the caller's.
 */
public final class EventDescriptor {

  private static final int EFD_CLOEXEC = 0x80000;
  private static final int EFD_NONBLOCK = 0x800;

  private static final MethodHandle EVENTFD = Posix.call("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final int RWF_NOWAIT = 8;

  private static final MethodHandle READ =
      Posix.call("preadv2", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle WRITE =
      Posix.call("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);

  private static final MemorySegment ONE = Arena.global().allocateFrom(JAVA_LONG, 1);

  /** A struct iovec of 8 bytes, and these. */
  private static final ThreadLocal<MemorySegment> COUNT =
      ThreadLocal.withInitial(EventDescriptor::count);

  private EventDescriptor() {}

  private static MemorySegment count() {
    MemorySegment count = Arena.ofAuto().allocate(24, 8);
    count.set(ADDRESS, 0, count.asSlice(16));
    count.set(JAVA_LONG, 8, 8);
    return count;
  }

  /** Makes one whose calls do not wait. */
  public static int create() throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      int fd = (int) EVENTFD.invokeExact(state, 0, EFD_CLOEXEC | EFD_NONBLOCK);
      if (fd < 0) Posix.retryOrFail("eventfd", "", state);
      return fd;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** Whether a descriptor that another process has sent is one. */
  public static boolean isOne(int fd) throws IOException {
    Path what = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
    return what.toString().equals("anon_inode:[eventfd]");
  }

  /**
   * Wakes the other end. For descriptors of this process alone: see {@link ForeignEvents}.
   *
   * @return false if the descriptor takes no more: the counter is full, so the other end is awake
   *     already, or it is no such descriptor
   */
  public static boolean signal(int fd) {
    try {
      MemorySegment state = Posix.STATE.get();
      return (long) WRITE.invokeExact(state, fd, ONE, 8L) == 8;
    } catch (Throwable e) {
      throw Posix.unexpected(e);
    }
  }

  /**
   * Takes what was signalled so far, without waiting, even if another program has made it a
   * descriptor that waits.
   *
   * @return false if nothing was, or if it is no such descriptor
   */
  public static boolean drain(int fd) {
    try {
      MemorySegment state = Posix.STATE.get();
      return (long) READ.invokeExact(state, fd, COUNT.get(), 1, -1L, RWF_NOWAIT) == 8;
    } catch (Throwable e) {
      throw Posix.unexpected(e);
    }
  }

  /**
   * Waits until it is signalled, and takes what was. For a thread that has nothing else to do.
   *
   * @return false if nothing was signalled in this time, or if it is no such descriptor
   */
  public static boolean await(int fd, int millis) {
    return (Posix.poll(fd, Posix.POLLIN, millis) & Posix.POLLIN) != 0 && drain(fd);
  }
}
