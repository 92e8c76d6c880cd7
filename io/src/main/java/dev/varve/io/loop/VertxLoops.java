package dev.varve.io.loop;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandle;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.util.concurrent.ThreadFactory;
import java.util.function.UnaryOperator;

/** The event loops that Vert.x keeps to itself. Thread-safe. */
public final class VertxLoops {

  private VertxLoops() {}

  /** How many event loops there are. */
  public static int count(Vertx vertx) {
    int loops = 0;
    for (Object _ : ((VertxInternal) vertx).nettyEventLoopGroup()) loops++;
    return loops;
  }

  /** One of the event loops, each in turn. */
  public static EventLoop next(Vertx vertx) {
    return ((VertxInternal) vertx).nettyEventLoopGroup().next();
  }

  /**
   * Starts an event loop beside those of a Vert.x, to which its channels can move.
   *
   * @param onEpoll changes how the loop waits for work, if the Vert.x uses epoll
   * @throws IllegalStateException the host has no descriptors for it
   */
  static EventLoopGroup oneMore(
      Vertx vertx, ThreadFactory threads, UnaryOperator<IoHandlerFactory> onEpoll) {
    var inside = (VertxInternal) vertx;
    IoHandlerFactory usual = inside.transport().ioHandlerFactory();
    boolean epoll =
        inside.nettyEventLoopGroup() instanceof IoEventLoopGroup group
            && group.isCompatible(EpollIoHandle.class);
    return new MultiThreadIoEventLoopGroup(1, threads, epoll ? onEpoll.apply(usual) : usual);
  }
}
