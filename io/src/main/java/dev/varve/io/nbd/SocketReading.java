package dev.varve.io.nbd;

import io.netty.channel.ChannelHandlerContext;

/**
 * Whether a client's socket is read. While it is not, bytes that were received and not looked at
 * stay in the connection's {@link Inbound}. Used on the connection's event loop.
 */
final class SocketReading {

  private final ChannelHandlerContext context;
  private final Inbound inbound;
  private boolean stopped;
  private boolean requestsWait;

  SocketReading(ChannelHandlerContext context, Inbound inbound) {
    this.context = context;
    this.inbound = inbound;
  }

  /** Whether there may be requests that were received and not looked at. */
  boolean requestsWait() {
    return requestsWait;
  }

  /** All that was received has been looked at: more is wanted. */
  void resume() {
    requestsWait = false;
    inbound.pause(false);
    stopped(false);
  }

  /** Requests wait, but not for long: stopping the socket would not be worth a system call. */
  void pauseForTurn() {
    requestsWait = true;
    inbound.pause(true);
  }

  /** Requests wait for something that may take long. */
  void pause() {
    pauseForTurn();
    stopped(true);
  }

  /** Nothing more is wanted. */
  void stop() {
    stopped(true);
  }

  private void stopped(boolean wanted) {
    if (stopped == wanted) return;
    stopped = wanted;
    context.channel().config().setAutoRead(!wanted);
  }
}
