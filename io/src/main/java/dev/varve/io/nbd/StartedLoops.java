package dev.varve.io.nbd;

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
import java.util.function.LongSupplier;

/** Starts event loops like those of a Vert.x, with its transport, each with a thread of its own. */
final class StartedLoops implements DiskLoops.Source {

  /** Daemons: a thread that waits for the host must not keep the program. */
  private final ThreadFactory threads = new DefaultThreadFactory("disk-loop", true);

  private final Vertx vertx;
  private final LongSupplier nanoTime;
  private final SharedBuffers buffers;
  private final List<EventLoopGroup> started = new CopyOnWriteArrayList<>();

  StartedLoops(Vertx vertx, LongSupplier nanoTime, SharedBuffers buffers) {
    this.vertx = vertx;
    this.nanoTime = nanoTime;
    this.buffers = buffers;
  }

  @Override
  public NbdLoop start() throws IOException {
    EventLoopGroup one = VertxInside.oneMoreLoop(vertx, threads);
    started.add(one);
    return new NbdLoop(one.next(), nanoTime, buffers);
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
