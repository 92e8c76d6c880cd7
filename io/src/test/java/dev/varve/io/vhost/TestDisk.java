package dev.varve.io.vhost;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.Export;
import dev.varve.io.client.Clients;
import dev.varve.io.polling.Polling;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A served disk on loops of its own. Any thread. */
final class TestDisk implements AutoCloseable {

  final Path folder;
  final Path socket;
  final VhostServer server;
  final Clients clients = new Clients();
  private final Vertx vertx =
      Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));

  TestDisk(BlockDevice device) throws IOException {
    this(new Export("disk", "", device, false, true, false));
  }

  TestDisk(Export export) throws IOException {
    folder = Files.createTempDirectory("vhost");
    socket = folder.resolve("s");
    server =
        new VhostServer(
            vertx, new Polling(Duration.ZERO, System::nanoTime), clients, System::nanoTime);
    server.publish(socket, export);
  }

  @Override
  public void close() throws IOException {
    server.close().toCompletionStage().toCompletableFuture().join();
    vertx.close().toCompletionStage().toCompletableFuture().join();
    Files.deleteIfExists(folder);
  }
}
