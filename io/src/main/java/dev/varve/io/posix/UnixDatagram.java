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

/** Messages to Unix sockets that take datagrams, which the JDK does not know. Any thread. */
public final class UnixDatagram {

  private static final short AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_DONTWAIT = 0x40;

  // struct sockaddr_un: short sun_family, char sun_path[108]
  private static final int PATH = 2;
  private static final int MAX_PATH = 107;

  private static final MethodHandle SOCKET =
      Posix.call("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SENDTO =
      Posix.call("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);

  private UnixDatagram() {}

  /**
   * Sends one message. Does not wait: fails with {@link Posix#EAGAIN} while the receiver's queue is
   * full.
   *
   * @param address an absolute path, or {@code @} and a name in the abstract namespace
   * @throws IllegalArgumentException the address is longer than one can be
   */
  public static void send(String address, String message) throws PosixException {
    byte[] path = address.getBytes(StandardCharsets.UTF_8);
    if (path.length > MAX_PATH)
      throw new IllegalArgumentException(
          "%s: the path of a socket may have at most %d bytes".formatted(address, MAX_PATH));
    if (path[0] == '@') path[0] = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(JAVA_BYTE, message.getBytes(StandardCharsets.UTF_8));
      MemorySegment to = arena.allocate(PATH + MAX_PATH + 1, 2);
      to.set(JAVA_SHORT, 0, AF_UNIX);
      MemorySegment.copy(path, 0, to, JAVA_BYTE, PATH, path.length);
      send(text, to, PATH + path.length, address);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  private static void send(MemorySegment text, MemorySegment to, int length, String address)
      throws Throwable {
    MemorySegment state = Posix.STATE.get();
    int fd = (int) SOCKET.invokeExact(state, (int) AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) Posix.retryOrFail("socket", "", state);
    try {
      while ((long)
              SENDTO.invokeExact(
                  state, fd, text, text.byteSize(), MSG_NOSIGNAL | MSG_DONTWAIT, to, length)
          < 0) Posix.retryOrFail("sendto", " " + address, state);
    } finally {
      Posix.close(fd);
    }
  }
}
