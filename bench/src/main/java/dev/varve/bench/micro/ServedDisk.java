package dev.varve.bench.micro;

import dev.varve.core.device.Export;
import dev.varve.core.medium.ImageFormat;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A disk in memory, and what a server needs to serve it on a socket. Used by one thread. */
final class ServedDisk implements AutoCloseable {

  private final ChainOnDisk chain = new ChainOnDisk(ImageFormat.VDI, 2, true);
  private final Path folder = Files.createTempDirectory("varve-micro-");
  private final Vertx vertx =
      Vertx.builder().with(new VertxOptions().setPreferNativeTransport(true)).build();

  ServedDisk() throws IOException {}

  Vertx vertx() {
    return vertx;
  }

  Export export() {
    return new Export("disk", "", chain.device(), false, true, false);
  }

  /** Where it is served; there is no file yet. */
  Path socket() {
    return folder.resolve("socket");
  }

  /** For when the server is closed. */
  @Override
  public void close() throws IOException {
    chain.close();
    vertx.close().await();
    Files.delete(folder);
  }
}
