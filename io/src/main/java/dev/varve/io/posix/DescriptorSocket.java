package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A Unix stream socket whose messages carry file descriptors, which neither the JDK nor Netty can
 * do. No call waits.
 *
 * <p>Used by one thread at a time. {@link #close} closes the socket, and never the descriptors that
 * have come through it: each belongs to the caller from the moment in which {@link #receive}
 * returns.
 */
public final class DescriptorSocket implements AutoCloseable {

  /** A message cannot have more: the kernel's SCM_MAX_FD. */
  public static final int MOST_DESCRIPTORS = 253;

  /** What {@link #receive} answers if nothing has come yet. */
  public static final int NOTHING_YET = -1;

  private static final short AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_CTRUNC = 0x08;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;

  // struct sockaddr_un: short sun_family, char sun_path[108]
  private static final int PATH = 2;
  private static final int MAX_PATH = 107;

  // struct msghdr: void* name, int namelen, struct iovec* iov, size_t iovlen, void* control,
  // size_t controllen, int flags
  private static final long MSG_IOV = 16;
  private static final long MSG_IOVLEN = 24;
  private static final long MSG_CONTROL = 32;
  private static final long MSG_CONTROLLEN = 40;
  private static final long MSG_FLAGS = 48;
  private static final long MSG_SIZE = 56;

  // struct cmsghdr: size_t len, int level, int type, then the data
  private static final long CMSG_LEVEL = 8;
  private static final long CMSG_TYPE = 12;
  private static final long CMSG_DATA = 16;
  private static final long CONTROL_SIZE = (CMSG_DATA + 4L * MOST_DESCRIPTORS + 7) & -8L;

  private static final MethodHandle SOCKET =
      Posix.call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND =
      Posix.call("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = Posix.call("listen", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle CONNECT =
      Posix.call("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      Posix.call("accept4", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle RECVMSG =
      Posix.call("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SENDMSG =
      Posix.call("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);

  private final int descriptor;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment header = arena.allocate(MSG_SIZE, 8);
  private final MemorySegment vector = arena.allocate(16, 8);
  private final MemorySegment control = arena.allocate(CONTROL_SIZE, 8);
  private final int[] received = new int[MOST_DESCRIPTORS];
  private int receivedCount;
  private boolean closed;

  /**
   * @param descriptor a stream socket, which this object owns from now on
   */
  public DescriptorSocket(int descriptor) {
    this.descriptor = descriptor;
    header.set(ADDRESS, MSG_IOV, vector);
    header.set(JAVA_LONG, MSG_IOVLEN, 1);
  }

  /**
   * Makes a socket that listens; its file must not exist.
   *
   * @throws IllegalArgumentException the path is longer than that of a socket can be
   */
  public static DescriptorSocket listen(Path path, int backlog) throws PosixException {
    DescriptorSocket socket = open();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      MemorySegment address = address(path, arena);
      int length = (int) address.byteSize();
      while ((int) BIND.invokeExact(state, socket.descriptor, address, length) < 0)
        Posix.retryOrFail("bind", " " + path, state);
      while ((int) LISTEN.invokeExact(state, socket.descriptor, backlog) < 0)
        Posix.retryOrFail("listen", " " + path, state);
      return socket;
    } catch (Throwable e) {
      socket.close();
      throw Posix.passOn(e);
    }
  }

  /** Connects to a socket that listens. */
  public static DescriptorSocket connect(Path path) throws PosixException {
    DescriptorSocket socket = open();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Posix.STATE.get();
      MemorySegment address = address(path, arena);
      int length = (int) address.byteSize();
      while ((int) CONNECT.invokeExact(state, socket.descriptor, address, length) < 0)
        Posix.retryOrFail("connect", " " + path, state);
      return socket;
    } catch (Throwable e) {
      socket.close();
      throw Posix.passOn(e);
    }
  }

  private static DescriptorSocket open() throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      int fd =
          (int)
              SOCKET.invokeExact(
                  state, (int) AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      if (fd < 0) Posix.retryOrFail("socket", "", state);
      return new DescriptorSocket(fd);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  private static MemorySegment address(Path path, Arena arena) {
    byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_PATH)
      throw new IllegalArgumentException(
          "%s: the path of a socket may have at most %d bytes, and this path has %d"
              .formatted(path, MAX_PATH, bytes.length));
    MemorySegment address = arena.allocate(PATH + bytes.length + 1L, 2);
    address.set(JAVA_SHORT, 0, AF_UNIX);
    MemorySegment.copy(bytes, 0, address, JAVA_BYTE, PATH, bytes.length);
    return address;
  }

  /** The number of the socket, to wait for it. */
  public int descriptor() {
    return descriptor;
  }

  /**
   * Takes the next client of a socket that listens, without waiting.
   *
   * @throws PosixException {@link Posix#EAGAIN}: there is none
   */
  public DescriptorSocket accept() throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      while (true) {
        int fd =
            (int)
                ACCEPT4.invokeExact(
                    state,
                    descriptor,
                    MemorySegment.NULL,
                    MemorySegment.NULL,
                    SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) return new DescriptorSocket(fd);
        Posix.retryOrFail("accept4", "", state);
      }
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /**
   * Receives up to {@code into.byteSize()} bytes, and the descriptors that came with the first of
   * them.
   *
   * @return how many bytes; 0 after the last, {@link #NOTHING_YET} if the caller has to wait
   * @throws PosixException the connection is broken, or descriptors were lost because this process
   *     may open no more
   */
  public int receive(MemorySegment into) throws PosixException {
    vector.set(ADDRESS, 0, into);
    vector.set(JAVA_LONG, 8, into.byteSize());
    header.set(ADDRESS, MSG_CONTROL, control);
    header.set(JAVA_LONG, MSG_CONTROLLEN, CONTROL_SIZE);
    receivedCount = 0;
    try {
      MemorySegment state = Posix.STATE.get();
      while (true) {
        long length =
            (long) RECVMSG.invokeExact(state, descriptor, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (length >= 0) {
          takeDescriptors();
          return (int) length;
        }
        if (Posix.errno(state) == Posix.EAGAIN) return NOTHING_YET;
        Posix.retryOrFail("recvmsg", "", state);
      }
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  private void takeDescriptors() throws PosixException {
    long length = header.get(JAVA_LONG, MSG_CONTROLLEN);
    for (long at = 0; at + CMSG_DATA <= length; ) {
      long end = at + control.get(JAVA_LONG, at);
      boolean rights =
          control.get(JAVA_INT, at + CMSG_LEVEL) == SOL_SOCKET
              && control.get(JAVA_INT, at + CMSG_TYPE) == SCM_RIGHTS;
      for (long d = at + CMSG_DATA; rights && d + 4 <= end; d += 4)
        received[receivedCount++] = control.get(JAVA_INT, d);
      at = (end + 7) & -8L;
    }
    if ((header.get(JAVA_INT, MSG_FLAGS) & MSG_CTRUNC) != 0) {
      for (int i = 0; i < receivedCount; i++) Posix.close(received[i]);
      receivedCount = 0;
      throw new PosixException(
          "recvmsg", "", Posix.EMFILE, "file descriptors of a message were lost");
    }
  }

  /** How many descriptors the last {@link #receive} has brought. */
  public int receivedDescriptors() {
    return receivedCount;
  }

  /** One of them, the caller's from now on. */
  public int receivedDescriptor(int index) {
    return received[index];
  }

  /**
   * Sends bytes, and descriptors with the first of them, which stay the caller's.
   *
   * @return how many bytes; fewer than all, or {@link #NOTHING_YET}, while the other end does not
   *     read
   */
  public int send(MemorySegment bytes, int... descriptors) throws PosixException {
    vector.set(ADDRESS, 0, bytes);
    vector.set(JAVA_LONG, 8, bytes.byteSize());
    boolean none = descriptors.length == 0;
    header.set(ADDRESS, MSG_CONTROL, none ? MemorySegment.NULL : control);
    long end = CMSG_DATA + 4L * descriptors.length;
    header.set(JAVA_LONG, MSG_CONTROLLEN, none ? 0 : (end + 7) & -8L);
    if (!none) {
      control.set(JAVA_LONG, 0, end);
      control.set(JAVA_INT, CMSG_LEVEL, SOL_SOCKET);
      control.set(JAVA_INT, CMSG_TYPE, SCM_RIGHTS);
      for (int i = 0; i < descriptors.length; i++)
        control.set(JAVA_INT, CMSG_DATA + 4L * i, descriptors[i]);
    }
    try {
      MemorySegment state = Posix.STATE.get();
      while (true) {
        long length =
            (long) SENDMSG.invokeExact(state, descriptor, header, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (length >= 0) return (int) length;
        if (Posix.errno(state) == Posix.EAGAIN) return NOTHING_YET;
        Posix.retryOrFail("sendmsg", "", state);
      }
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /** Whether the other end is closed. What it has sent before may still be there to receive. */
  public boolean isAbandoned() {
    return !closed && (Posix.poll(descriptor, 0, 0) & Posix.POLLHUP) != 0;
  }

  /** Closes the socket. A second call does nothing. */
  @Override
  public void close() throws PosixException {
    if (closed) return;
    closed = true;
    arena.close();
    Posix.close(descriptor);
  }
}
