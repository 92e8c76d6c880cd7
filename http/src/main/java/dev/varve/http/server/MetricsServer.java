package dev.varve.http.server;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Answers {@code GET /metrics} and nothing else, for a server without a control plane. Has an event
 * loop of its own, on which the metrics are collected, so that no disk waits for a scrape.
 * Thread-safe; {@link #listen} blocks.
 */
final class MetricsServer {

  private static final int IDLE_SECONDS = 120;
  private static final int MOST_HEADERS = 8192;

  private final Vertx loop = EventLoops.one();
  private final Supplier<String> metrics;

  /**
   * @param metrics in Prometheus' text format; called on the loop
   */
  MetricsServer(Supplier<String> metrics) {
    this.metrics = metrics;
  }

  /**
   * Listens on a port of the loopback address; returns the address with the port that was taken.
   *
   * @throws IOException if the address is taken, or one that other hosts can reach
   */
  TcpAddress listen(TcpAddress wanted) throws IOException {
    if (!InetAddress.getByName(wanted.host()).isLoopbackAddress())
      throw new IOException(
          "%s is not a loopback address, and metrics are for this machine only"
              .formatted(wanted.host()));
    var options =
        new HttpServerOptions().setIdleTimeout(IDLE_SECONDS).setMaxHeaderSize(MOST_HEADERS);
    var server =
        EventLoops.await(
            loop.createHttpServer(options)
                .requestHandler(this::answer)
                .listen(wanted.port(), wanted.host()));
    return new TcpAddress(wanted.host(), server.actualPort());
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
