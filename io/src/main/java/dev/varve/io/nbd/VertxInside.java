package dev.varve.io.nbd;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.unix.UnixChannel;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;

/** The only class that knows what Vert.x keeps to itself: Netty's channels and pipelines. */
final class VertxInside {

  private VertxInside() {}

  static Channel channel(NetSocket socket) {
    return ((NetSocketInternal) socket).channelHandlerContext().channel();
  }

  static EventLoop eventLoop(NetSocket socket) {
    return channel(socket).eventLoop();
  }

  /** The file descriptor of a socket; -1 where Java's own sockets are used. */
  static int descriptor(Channel channel) {
    return channel instanceof UnixChannel unix ? unix.fd().intValue() : -1;
  }

  /** Puts {@code handler} in the place of Vert.x's own: from now on the channel is ours. */
  static void install(NetSocket socket, ChannelHandler handler) {
    ((NetSocketInternal) socket)
        .channelHandlerContext()
        .pipeline()
        .replace("handler", "nbd", handler);
  }
}
