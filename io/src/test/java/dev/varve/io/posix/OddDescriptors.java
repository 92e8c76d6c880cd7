package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** Descriptors that a program with bad intentions may send. Any thread; the caller closes them. */
public final class OddDescriptors {

  private static final int MFD_ALLOW_SEALING = 2;
  private static final int MFD_HUGETLB = 4;
  private static final int F_ADD_SEALS = 1033;
  private static final int F_SEAL_SHRINK = 2;
  private static final long FULL = -2;

  private static final MethodHandle MEMFD_CREATE =
      Posix.call("memfd_create", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle PIPE = Posix.call("pipe2", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle EVENTFD = Posix.call("eventfd", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle WRITE =
      Posix.call("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
  private static final int EFD_SEMAPHORE = 1;
  private static final int F_SETFL = 4;
  private static final AtomicInteger MARKS = new AtomicInteger();
  private static final MethodHandle FCNTL =
      Posix.variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

  private static final MethodHandle SOCKET =
      Posix.call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle CONNECT =
      Posix.call("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      Posix.call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final int AF_INET = 2;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_LINGER = 13;
  private static final byte[] LOOPBACK = {127, 0, 0, 1};
  private static final int MUCH = 1 << 16;

  private OddDescriptors() {}

  /**
   * A TCP socket, connected to a port of this host, whose closing waits until the other end has
   * taken what was sent, or is closed too.
   *
   * @param seconds how long it waits at most
   */
  public static int lingering(int port, int seconds) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      int fd = (int) SOCKET.invokeExact(state, AF_INET, SOCK_STREAM, 0);
      if (fd < 0) Posix.retryOrFail("socket", "", state);
      MemorySegment address = arena.allocate(16, 4);
      address.set(JAVA_SHORT, 0, (short) AF_INET);
      address.set(JAVA_SHORT, 2, Short.reverseBytes((short) port));
      MemorySegment.copy(LOOPBACK, 0, address, JAVA_BYTE, 4, 4);
      if ((int) CONNECT.invokeExact(state, fd, address, 16) < 0)
        Posix.retryOrFail("connect", "", state);
      MemorySegment linger = arena.allocateFrom(JAVA_INT, 1, seconds);
      if ((int) SETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, SO_LINGER, linger, 8) < 0)
        Posix.retryOrFail("setsockopt", "", state);
      Posix.setNonBlocking(fd);
      MemorySegment bytes = arena.allocate(MUCH);
      while ((long) WRITE.invokeExact(state, fd, bytes, (long) MUCH) > 0) {}
      return fd;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** Memory of huge pages, of which the host has none: every access to it fails. */
  public static int memoryWithoutPages(long length) throws PosixException {
    return memory("huge", MFD_HUGETLB | MFD_ALLOW_SEALING, length);
  }

  /** Memory that cannot be truncated. */
  public static int sealed(String name, long length) throws PosixException {
    int fd = memory(name, MFD_ALLOW_SEALING, length);
    try {
      MemorySegment state = Posix.STATE.get();
      if ((int) FCNTL.invokeExact(state, fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
        Posix.retryOrFail("fcntl", "", state);
      return fd;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  private static int memory(String name, int flags, long length) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      MemorySegment text = arena.allocateFrom(name);
      int fd = (int) MEMFD_CREATE.invokeExact(state, text, flags);
      if (fd < 0) Posix.retryOrFail("memfd_create", "", state);
      Posix.ftruncate(fd, length);
      return fd;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** The reading and the writing end of a pipe; calls wait. */
  public static int[] pipe() throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      MemorySegment ends = arena.allocate(8, 4);
      if ((int) PIPE.invokeExact(state, ends, 0) < 0) Posix.retryOrFail("pipe2", "", state);
      return new int[] {ends.get(JAVA_INT, 0), ends.get(JAVA_INT, 4)};
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** Makes the calls of a descriptor wait, in every process that has it. */
  public static void makeWait(int fd) throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      if ((int) FCNTL.invokeExact(state, fd, F_SETFL, 0) < 0) Posix.retryOrFail("fcntl", "", state);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** Fills the counter of an eventfd that is at 0, so that a write to it waits. */
  public static void fill(int fd) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      MemorySegment full = arena.allocateFrom(JAVA_LONG, FULL);
      if ((long) WRITE.invokeExact(state, fd, full, 8L) < 0) Posix.retryOrFail("write", "", state);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** An eventfd from which each reading takes one. */
  public static int semaphore(int count) throws PosixException {
    return eventfd(count, EFD_SEMAPHORE);
  }

  /** An eventfd that {@link #identity} knows again until it is read. */
  public static int event() throws PosixException {
    return eventfd(MARKS.incrementAndGet() << 10, 0);
  }

  private static int eventfd(int count, int flags) throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      int fd = (int) EVENTFD.invokeExact(state, count, flags);
      if (fd < 0) Posix.retryOrFail("eventfd", "", state);
      return fd;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** What a descriptor is of, in words that are those of no other thing. */
  public static String identity(int fd) throws IOException {
    String what = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
    if (!what.equals("anon_inode:[eventfd]")) return what;
    String facts = Files.readString(Path.of("/proc/self/fdinfo/" + fd));
    String count = facts.lines().filter(line -> line.startsWith("eventfd-count")).findFirst().get();
    return what + (Long.parseUnsignedLong(count.substring(14).strip(), 16) >>> 10);
  }
}
