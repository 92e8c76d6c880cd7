package dev.varve.io.nbd;

import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;

/** The only class that knows what Vert.x keeps to itself: the Netty pipeline under a socket. */
final class VertxPipeline {

  private VertxPipeline() {}

  static EventLoop eventLoop(NetSocket socket) {
    return ((NetSocketInternal) socket).channelHandlerContext().channel().eventLoop();
  }

  /** Puts {@code handler} before Vert.x's own, which sees only what {@code handler} passes on. */
  static void install(NetSocket socket, ChannelHandler handler) {
    ((NetSocketInternal) socket)
        .channelHandlerContext()
        .pipeline()
        .addBefore("handler", "nbd", handler);
  }
}
