package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.Export;
import dev.varve.io.client.Clients;
import dev.varve.io.loop.DiskLoops;
import dev.varve.io.loop.ServingLoop;
import dev.varve.io.loop.StartedLoops;
import dev.varve.io.loop.VertxLoops;
import dev.varve.io.polling.Polling;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.HangUp;
import dev.varve.io.testing.MemoryDevice;
import io.netty.channel.EventLoop;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VhostSocketTest {

  private static final Logger LOG = Logger.getLogger(VhostSocket.class.getName());

  /** As if the process could open no more descriptors: there is a front-end, and it stays there. */
  @Test
  void socketThatCannotAcceptIsTriedNowAndThenOnly(@TempDir Path folder) throws Exception {
    Path path = folder.resolve("s");
    var vertx =
        Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    EventLoop loop = VertxLoops.next(vertx);
    var tries = new AtomicInteger();
    LOG.setLevel(Level.INFO);
    LOG.setFilter(record -> tries.incrementAndGet() == 0);
    try (var listens = DescriptorSocket.listen(path, 1)) {
      HangUp.on(DescriptorSocket.connect(path));
      var home = new ServingLoop(loop, System::nanoTime);
      var socket = new VhostSocket(home, loops(vertx), new Clients(), path, listens.accept());

      socket.serve(new Export("disk", "", new MemoryDevice(1 << 20), false, true, false));
      for (int turn = 0; turn < 200; turn++) loop.submit(() -> {}).get();

      assertTrue(tries.get() >= 1 && tries.get() < 20, tries::toString);
      socket.close("the test ends").toCompletionStage().toCompletableFuture().join();
    } finally {
      LOG.setFilter(null);
      LOG.setLevel(null);
      vertx.close().toCompletionStage().toCompletableFuture().join();
    }
  }

  private static DiskLoops<VhostLoop> loops(Vertx vertx) {
    var polling = new Polling(Duration.ZERO, System::nanoTime);
    return new DiskLoops<>(
        new StartedLoops<>(vertx, polling, "loop", loop -> new VhostLoop(loop, System::nanoTime)),
        1);
  }
}
