package dev.varve.http.client;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A connection to the server that runs on a state folder, through the Unix socket there.
 *
 * <p>Thread safe. Requests block until they are answered.
 */
public final class ApiClient implements AutoCloseable {

  /** The socket's name in the state folder. */
  public static final String SOCKET = "api.sock";

  private static final int CONNECT_SECONDS = 10;

  /** Making a fixed image may write all of it before the answer comes. */
  private static final int ANSWER_SECONDS = 600;

  private final Path stateFolder;
  private final Vertx vertx;
  private final HttpClient http;

  /** Connects to nothing yet: {@link #send} does. */
  public ApiClient(Path stateFolder) {
    this.stateFolder = stateFolder.toAbsolutePath();
    // The JDK's transport and one thread: a native one would take longer to load than it is needed.
    this.vertx =
        Vertx.vertx(
            new VertxOptions()
                .setEventLoopPoolSize(1)
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setMaxEventLoopExecuteTime(30)
                .setMaxEventLoopExecuteTimeUnit(TimeUnit.SECONDS)
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)));
    this.http =
        vertx.createHttpClient(new HttpClientOptions().setConnectTimeout(CONNECT_SECONDS * 1000));
  }

  /**
   * Asks, and returns what was answered; an empty object where the answer has no body.
   *
   * @throws RefusedException the server has refused it
   * @throws InterruptedIOException the thread was interrupted, or no answer came in ten minutes;
   *     what was asked for may happen all the same
   * @throws IOException no server listens, or the connection broke
   */
  public JsonObject send(ApiRequest request) throws IOException {
    // One chain, whose parts run on the event loop: elsewhere a body could come before its reader.
    Future<Answer> answer =
        connect(request)
            .compose(connection -> ask(connection, request).recover(ApiClient::brokenOff));
    return await(answer).json();
  }

  private Future<HttpClientRequest> connect(ApiRequest request) {
    Path socket = stateFolder.resolve(SOCKET);
    var options =
        new RequestOptions()
            .setServer(SocketAddress.domainSocketAddress(socket.toString()))
            .setHost("localhost")
            .setPort(80)
            .setMethod(request.method())
            .setURI(request.uri());
    return http.request(options)
        .recover(
            e ->
                Future.failedFuture(
                    new IOException(
                        "no server listens on %s: %s; start one with: varve serve --state %s"
                            .formatted(socket, e.getMessage(), stateFolder),
                        e)));
  }

  private static Future<Answer> brokenOff(Throwable failure) {
    return Future.failedFuture(
        new IOException("the server has broken off: " + failure.getMessage(), failure));
  }

  private static Future<Answer> ask(HttpClientRequest connection, ApiRequest request) {
    if (request.session() != null) connection.putHeader("Varve-Session", request.session());
    Future<HttpClientResponse> response;
    if (request.body() == null) {
      response = connection.send();
    } else {
      connection.putHeader("Content-Type", "application/json");
      response = connection.send(request.body().toBuffer());
    }
    return response.compose(
        head -> head.body().map(body -> new Answer(head.statusCode(), head.statusMessage(), body)));
  }

  private record Answer(int status, String message, Buffer body) {
    JsonObject json() throws IOException {
      boolean done = status / 100 == 2;
      if (done && body.length() == 0) return new JsonObject();
      JsonObject json;
      try {
        json = body.toJsonObject();
      } catch (DecodeException | ClassCastException e) {
        throw new IOException(
            "this is no server of Varve: it answered %d %s and no JSON object"
                .formatted(status, message),
            e);
      }
      if (!done) throw new RefusedException(json);
      return json;
    }
  }

  private static <T> T await(Future<T> future) throws IOException {
    try {
      return future.toCompletionStage().toCompletableFuture().get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } catch (InterruptedException e) {
      throw interrupted("interrupted; what was asked for may happen all the same", e);
    } catch (TimeoutException e) {
      throw interrupted("the server has not answered for " + ANSWER_SECONDS + " seconds", e);
    }
  }

  private static InterruptedIOException interrupted(String message, Exception cause) {
    var failure = new InterruptedIOException(message);
    failure.initCause(cause);
    return failure;
  }

  @Override
  public void close() {
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
