package dev.varve.io.loop;

import dev.varve.io.polling.Polling;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Starts event loops like those of a Vert.x, with its transport, each with a thread of its own.
 * Thread-safe; starting one takes file descriptors.
 *
 * @param <L> an event loop, with what a server keeps for each
 */
public final class StartedLoops<L> implements DiskLoops.Source<L> {

  private final Vertx vertx;
  private final Polling polling;
  private final Function<EventLoop, L> furnish;

  /** Daemons: a thread that waits for the host must not keep the program. */
  private final ThreadFactory threads;

  private final List<EventLoopGroup> started = new CopyOnWriteArrayList<>();

  /**
   * @param vertx stays the caller's
   * @param polling how they wait for work, where those of the Vert.x are on epoll
   * @param name of the threads, which get a number too
   * @param furnish adds what the server keeps for each loop
   */
  public StartedLoops(Vertx vertx, Polling polling, String name, Function<EventLoop, L> furnish) {
    this.vertx = vertx;
    this.polling = polling;
    this.furnish = furnish;
    this.threads = new DefaultThreadFactory(name, true);
  }

  @Override
  public L start() throws IOException {
    EventLoopGroup one = group();
    started.add(one);
    return furnish.apply(one.next());
  }

  private EventLoopGroup group() throws IOException {
    try {
      return VertxLoops.oneMore(vertx, threads, polling::loops);
    } catch (IllegalStateException e) {
      throw new IOException("the host has no file descriptors for one more event loop", e);
    }
  }

  @Override
  public Future<Void> stop() {
    return Future.join(started.stream().map(StartedLoops::stop).toList()).mapEmpty();
  }

  private static Future<Void> stop(EventLoopGroup loop) {
    Promise<Void> stopped = Promise.promise();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).addListener(_ -> stopped.complete());
    return stopped.future();
  }
}
