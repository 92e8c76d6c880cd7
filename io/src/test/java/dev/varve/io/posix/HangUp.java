package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Ends connections for good. A child process that another test is about to start has every
 * descriptor of this one for a moment, and keeps a connection open that is only closed here.
 */
public final class HangUp {

  private static final int SHUT_RDWR = 2;
  private static final MethodHandle SHUTDOWN = Posix.call("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);

  private HangUp() {}

  /** Ends the connection, and closes the socket. */
  public static void on(DescriptorSocket socket) throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      int ignored = (int) SHUTDOWN.invokeExact(state, socket.descriptor(), SHUT_RDWR);
    } catch (Throwable e) {
      throw Posix.unexpected(e);
    }
    socket.close();
  }
}
