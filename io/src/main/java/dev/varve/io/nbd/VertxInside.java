package dev.varve.io.nbd;

import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;

/** The only class that knows what Vert.x keeps to itself: Netty's event loops and pipelines. */
final class VertxInside {

  private VertxInside() {}

  /** How many event loops there are. */
  static int eventLoops(Vertx vertx) {
    int loops = 0;
    for (Object _ : ((VertxInternal) vertx).nettyEventLoopGroup()) loops++;
    return loops;
  }

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
