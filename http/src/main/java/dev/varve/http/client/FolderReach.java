package dev.varve.http.client;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The way to the server that runs on a state folder: the Unix socket there, or where {@link
 * SocketPlaces} says. Thread-safe.
 *
 * @param folder absolute
 */
record FolderReach(Path folder) implements ServerReach {

  @Override
  public void prepare(HttpClientOptions options) {}

  /** In the state folder, or where a server is that cannot make a socket there. */
  @Override
  public Future<HttpClientRequest> connect(HttpClient http, ApiRequest request) {
    Path usual = folder.resolve(ApiClient.SOCKET);
    return connect(http, request, usual)
        .recover(
            e -> {
              Future<HttpClientRequest> other = Future.failedFuture(e);
              for (Path socket : otherSockets())
                other = other.recover(_ -> connect(http, request, socket));
              return other.recover(
                  _ ->
                      Future.failedFuture(
                          new IOException(FolderProcess.unreachable(folder, usual, e), e)));
            });
  }

  private List<Path> otherSockets() {
    try {
      return SocketPlaces.of(folder).present().stream()
          .map(place -> place.resolve(ApiClient.SOCKET))
          .filter(Files::exists)
          .toList();
    } catch (IOException _) {
      return List.of();
    }
  }

  private static Future<HttpClientRequest> connect(
      HttpClient http, ApiRequest request, Path socket) {
    var options =
        new RequestOptions()
            .setServer(SocketAddress.domainSocketAddress(socket.toString()))
            .setHost("localhost")
            .setPort(80)
            .setMethod(request.method())
            .setURI(request.uri());
    return http.request(options);
  }

  @Override
  public Throwable explain(Throwable failure) {
    return failure;
  }

  @Override
  public RefusedException explain(RefusedException refusal) {
    return refusal;
  }

  @Override
  public String server() {
    Long process = FolderProcess.of(folder);
    return process == null ? "the server" : "the server (process " + process + ")";
  }
}
