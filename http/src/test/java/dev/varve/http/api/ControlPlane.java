package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A control plane that listens on TCP and on a Unix socket, for tests. */
final class ControlPlane implements AutoCloseable {

  private final Path folder;
  private final Vertx vertx = Vertx.vertx();
  private final ExecutorService model = Executors.newSingleThreadExecutor();
  private final List<Throwable> bugs = new CopyOnWriteArrayList<>();
  private final ControlServer server;
  private final int port;

  ControlPlane(Path folder) throws IOException {
    this(folder, Connections.Limits.USUAL);
  }

  ControlPlane(Path folder, Connections.Limits limits) throws IOException {
    this.folder = folder;
    server = new ControlServer(vertx, new Inventory(), model, _ -> Map.of(), bugs::add, limits);
    SocketAddress address =
        await(server.listenTcp("127.0.0.1", 0, AccessToken.in(folder, new SecureRandom())));
    port = address.port();
    await(server.listenUnix(socket()));
  }

  Path socket() {
    return folder.resolve("api.sock");
  }

  int port() {
    return port;
  }

  String token() throws IOException {
    return Files.readString(folder.resolve(AccessToken.FILE)).strip();
  }

  /** Failures that the server called its own. */
  List<Throwable> bugs() {
    return bugs;
  }

  RawClient tcp() throws IOException {
    return RawClient.tcp(port);
  }

  RawClient unix() throws IOException {
    return RawClient.unix(socket());
  }

  static <T> T await(Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }

  @Override
  public void close() {
    await(server.close());
    model.close();
    await(vertx.close());
  }
}
