package dev.varve.io.vhost;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.Export;
import dev.varve.io.client.Clients;
import dev.varve.io.polling.Polling;
import dev.varve.io.testing.MemoryDevice;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/** Two disks whose queues are served by one event loop. Any thread. */
final class TwoDisks implements AutoCloseable {

  private static final int MIB = 1 << 20;

  final Path busySocket;
  final Path quietSocket;
  private final Export busy;
  private final Path folder = Files.createTempDirectory("two");
  private final AtomicLong clock = new AtomicLong();
  private volatile Runnable atTurn = () -> {};
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
  private final VhostServer server =
      new VhostServer(
          vertx, new Polling(Duration.ZERO, System::nanoTime), new Clients(), this::clock, 1);

  TwoDisks() throws IOException {
    this(new MemoryDevice(MIB));
  }

  TwoDisks(BlockDevice busy) throws IOException {
    this.busy = new Export("busy", "", busy, false, true, false);
    this.busySocket = folder.resolve("busy");
    this.quietSocket = folder.resolve("quiet");
    server.publish(busySocket, this.busy);
    server.publish(quietSocket, new Export("quiet", "", new MemoryDevice(MIB), false, true, false));
  }

  /** The disk that its test keeps busy. */
  Export busy() {
    return busy;
  }

  private long clock() {
    atTurn.run();
    return clock.incrementAndGet();
  }

  /** From now on something happens on the loop whenever a queue's turn begins or ends. */
  void atTurn(Runnable action) {
    atTurn = action;
  }

  /** Front-ends are heard again when what is returned runs. */
  Runnable holdFrontEnds() throws InterruptedException {
    var held = new CountDownLatch(1);
    var released = new CountDownLatch(1);
    vertx.runOnContext(
        _ -> {
          held.countDown();
          try {
            released.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    held.await(); // the loop would else hear them once more before
    return released::countDown;
  }

  /** How many turns queues have had, with those of their front-ends. */
  long turns() {
    return server.stats().totals().turns().count();
  }

  @Override
  public void close() throws IOException {
    await(server.close());
    await(vertx.close());
    Files.delete(folder);
  }

  private static void await(Future<Void> future) {
    future.toCompletionStage().toCompletableFuture().join();
  }
}
