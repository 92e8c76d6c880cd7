package dev.varve.http.server;

import dev.varve.http.tls.SecureHttp;
import dev.varve.http.tls.ServerTls;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code GET /metrics} and nothing else, for a server without a control plane. Has an event
 * loop of its own, on which the metrics are collected, so that no disk waits for a scrape.
 * Thread-safe; {@link #listen} blocks.
 */
final class MetricsServer {

  private static final int IDLE_SECONDS = 120;
  private static final int MOST_HEADERS = 8192;

  /** More scrapers than any server has. */
  private static final int MOST_CONNECTIONS = 64;

  private static final int MOST_HANDSHAKES = 16;

  private final Vertx loop;
  private final Supplier<String> metrics;
  private final @Nullable ServerTls tls;

  /** The oldest first; on the loop. */
  private final Set<HttpConnection> connections = new LinkedHashSet<>();

  /**
   * @param metrics in Prometheus' text format; called on the loop
   * @param tls what it speaks; null for none, and then it is for this machine only
   */
  MetricsServer(Supplier<String> metrics, @Nullable ServerTls tls) {
    this.metrics = metrics;
    this.tls = tls;
    this.loop = EventLoops.serving(null, tls == null ? 0 : MOST_HANDSHAKES);
  }

  /**
   * Listens on a port; returns the address with the port that was taken.
   *
   * @throws IOException if the address is taken, or one that other hosts can reach without TLS
   */
  TcpAddress listen(TcpAddress wanted) throws IOException {
    if (tls == null && !InetAddress.getByName(wanted.host()).isLoopbackAddress())
      throw new IOException(
          "%s is not a loopback address, and metrics are for this machine only unless they are encrypted: give the server a certificate with --tls-certificate and --tls-key"
              .formatted(wanted.host()));
    var options =
        new HttpServerOptions()
            .setIdleTimeout(IDLE_SECONDS)
            .setMaxHeaderSize(MOST_HEADERS)
            // Vert.x would wait for a first byte, and tell of no connection before.
            .setHttp2ClearTextEnabled(false);
    HttpServer made =
        SecureHttp.server(loop, options, tls)
            .connectionHandler(this::connected)
            .requestHandler(this::answer);
    HttpServer server = EventLoops.await(made.listen(wanted.port(), wanted.host()));
    return new TcpAddress(wanted.host(), server.actualPort());
  }

  /** The oldest leaves for the newest: descriptors are for disks and their clients. */
  private void connected(HttpConnection connection) {
    connections.add(connection);
    connection.closeHandler(_ -> connections.remove(connection));
    if (connections.size() > MOST_CONNECTIONS) {
      HttpConnection oldest = connections.iterator().next();
      connections.remove(oldest);
      oldest.close();
    }
  }

  private void answer(HttpServerRequest request) {
    var response = request.response();
    if (!"/metrics".equals(request.path())) {
      response.setStatusCode(404).end("metrics are at /metrics\n");
    } else if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
      response.setStatusCode(405).putHeader("Allow", "GET, HEAD").end();
    } else {
      response.putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      response.end(metrics.get());
    }
  }

  /** Ends the loop, and with it every connection. */
  CompletionStage<Void> close() {
    return loop.close().toCompletionStage();
  }
}
