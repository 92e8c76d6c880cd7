package dev.varve.http.client;

import dev.varve.core.device.FailureWords;
import dev.varve.core.device.Stages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A connection to the server that runs on a state folder, or to one on another host ({@link
 * RemoteServer}).
 *
 * <p>Thread-safe. Requests block until they are answered.
 */
public final class ApiClient implements AutoCloseable {

  /** The socket's name in the state folder. */
  public static final String SOCKET = "api.sock";

  private static final int CONNECT_SECONDS = 10;

  /** Making a fixed image may write all of it before the answer comes. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** After this time the user hears that the server has not answered yet. */
  private static final Duration NOTICE = Duration.ofSeconds(10);

  private final ServerReach reach;
  private final Consumer<String> notices;
  private final Duration patience;
  private final Duration longest;
  private final Vertx vertx;
  private final HttpClient http;

  /** The same without notices. */
  public ApiClient(Path stateFolder) {
    this(stateFolder, _ -> {});
  }

  /**
   * The same for requests that a server answers at once if it is well.
   *
   * @param longest for which an answer is waited for, instead of ten minutes
   */
  public ApiClient(Path stateFolder, Duration longest) {
    this(new FolderReach(stateFolder.toAbsolutePath()), _ -> {}, longest, longest);
  }

  /**
   * Connects to nothing yet: {@link #send} does.
   *
   * @param notices hears, in the calling thread, of an answer that takes long
   */
  public ApiClient(Path stateFolder, Consumer<String> notices) {
    this(stateFolder, notices, NOTICE);
  }

  /** The same for a server that is reached over TCP. */
  public ApiClient(RemoteServer server, Consumer<String> notices) {
    this(server, notices, NOTICE, LONGEST);
  }

  /**
   * @param patience after which the user hears
   */
  ApiClient(Path stateFolder, Consumer<String> notices, Duration patience) {
    this(new FolderReach(stateFolder.toAbsolutePath()), notices, patience, LONGEST);
  }

  private ApiClient(
      ServerReach reach, Consumer<String> notices, Duration patience, Duration longest) {
    this.patience = patience;
    this.longest = longest;
    this.reach = reach;
    this.notices = notices;
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
    var options = new HttpClientOptions().setConnectTimeout(CONNECT_SECONDS * 1000);
    reach.prepare(options);
    // A request fails with its connection. Without a handler Vert.x logs the exception as well.
    this.http =
        vertx
            .httpClientBuilder()
            .with(options)
            .withConnectHandler(connection -> connection.exceptionHandler(_ -> {}))
            .build();
  }

  /**
   * Sends a request and returns the answer, which is an empty object if it has no body.
   *
   * @throws RefusedException the server has refused it
   * @throws InterruptedIOException the thread was interrupted, or no answer came in time; the
   *     server may carry the request out nevertheless
   * @throws IOException no server listens, or the connection broke
   */
  public JsonObject send(ApiRequest request) throws IOException {
    return json(answered(request));
  }

  /**
   * Sends a request and returns the answer as text; fails as {@link #send} does.
   *
   * @throws RefusedException the server has refused it
   */
  public String text(ApiRequest request) throws IOException {
    Answer answer = answered(request);
    return answer.isDone() ? answer.body().toString() : json(answer).encode();
  }

  private JsonObject json(Answer answer) throws IOException {
    try {
      return answer.json();
    } catch (RefusedException e) {
      throw reach.explain(e);
    }
  }

  private Answer answered(ApiRequest request) throws IOException {
    // One chain, whose parts run on the event loop: elsewhere a body could come before its reader.
    Future<Answer> answer =
        reach
            .connect(http, request)
            .compose(connection -> ask(connection, request).recover(this::brokenOff));
    return await(answer);
  }

  private Future<Answer> brokenOff(Throwable failure) {
    Throwable known = reach.explain(failure);
    if (known != failure) return Future.failedFuture(known);
    return Future.failedFuture(
        new IOException(
            "the server closed the connection (%s); its log may say why, and whether the request was carried out"
                .formatted(FailureWords.of(failure)),
            failure));
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
    boolean isDone() {
      return status / 100 == 2;
    }

    JsonObject json() throws IOException {
      boolean done = isDone();
      if (done && body.length() == 0) return new JsonObject();
      JsonObject json;
      try {
        json = body.toJsonObject();
      } catch (DecodeException | ClassCastException e) {
        throw new IOException(
            "this is not a server of Varve: it answered %d %s without a JSON object"
                .formatted(status, message),
            e);
      }
      if (!done) throw new RefusedException(json);
      return json;
    }
  }

  /** An interrupt ends this wait, unlike those of {@link Stages}: nothing is lent to the server. */
  private <T> T await(Future<T> future) throws IOException {
    CompletableFuture<T> answer = future.toCompletionStage().toCompletableFuture();
    try {
      return getOrNotify(answer);
    } catch (ExecutionException e) {
      throw Stages.failure(e);
    } catch (InterruptedException e) {
      throw interrupted("interrupted; the server may carry the request out nevertheless", e);
    } catch (TimeoutException e) {
      throw interrupted(
          "%s has not answered for %d seconds; it may carry the request out nevertheless"
              .formatted(reach.server(), longest.toSeconds()),
          e);
    }
  }

  private <T> T getOrNotify(CompletableFuture<T> answer)
      throws ExecutionException, InterruptedException, TimeoutException {
    try {
      return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      if (!patience.minus(longest).isNegative()) throw e;
      notices.accept(
          "%s has not answered for %d seconds; still waiting (Ctrl-C stops waiting)"
              .formatted(reach.server(), patience.toSeconds()));
      return answer.get(longest.minus(patience).toMillis(), TimeUnit.MILLISECONDS);
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
