package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.client.ApiClient;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Answers on a state folder's socket as a test tells it to, and records the requests. Whatever is
 * not in the OpenAPI document, it does not understand.
 */
final class AnsweringServer implements AutoCloseable {

  private static final JsonObject DOCUMENT = document();
  private static final String ROOT = "/api/v1";

  /** Of all tests: a set of threads for each would cost more than the tests do. */
  private static final Vertx VERTX =
      Vertx.vertx(new VertxOptions().setMaxEventLoopExecuteTime(30_000_000_000L));

  private final HttpServer server;
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private Consumer<String> watcher = _ -> {};

  private record Answer(int status, String body) {}

  AnsweringServer(Path stateFolder) {
    Path socket = stateFolder.resolve(ApiClient.SOCKET);
    server =
        VERTX
            .createHttpServer()
            .requestHandler(request -> request.body().onSuccess(body -> handle(request, body)))
            .listen(SocketAddress.domainSocketAddress(socket.toString()))
            .await();
  }

  private static JsonObject document() {
    try (InputStream in =
        AnsweringServer.class.getResourceAsStream("/dev/varve/http/api/openapi.json")) {
      return Buffer.buffer(in.readAllBytes()).toJsonObject();
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** What to answer to {@code "GET /machines"}; given several times, one after the other. */
  AnsweringServer answers(String request, int status, JsonObject body) {
    answers
        .computeIfAbsent(request, _ -> new ArrayDeque<>())
        .add(new Answer(status, body == null ? "" : body.encode()));
    return this;
  }

  AnsweringServer answers(String request, JsonObject body) {
    return answers(request, 200, body);
  }

  /** Called, on the server's thread, with each request before it is answered. */
  void watch(Consumer<String> watcher) {
    this.watcher = watcher;
  }

  /** All requests so far: method, path below the root, session, body. */
  List<String> asked() {
    return List.copyOf(asked);
  }

  private void handle(HttpServerRequest request, Buffer body) {
    String line = request.method() + " " + request.uri().substring(ROOT.length());
    String session = request.getHeader("Varve-Session");
    asked.add(
        line
            + (session == null ? "" : " in " + session)
            + (body.length() == 0 ? "" : " " + body.toString()));
    watcher.accept(line);
    Answer answer;
    try {
      assertEquals("localhost", request.getHeader("Host"));
      check(request, body);
      Deque<Answer> planned = answers.getOrDefault(line, new ArrayDeque<>());
      answer = planned.size() > 1 ? planned.remove() : planned.peek();
      if (answer == null) answer = new Answer(404, problem("no answer was planned to " + line));
    } catch (AssertionError e) {
      answer = new Answer(400, problem(e.getMessage()));
    }
    request.response().setStatusCode(answer.status).end(answer.body);
  }

  static String problem(String detail) {
    return new JsonObject().put("detail", detail).put("error", "E_INVALIDARG").encode();
  }

  /** The document must have such an operation, which takes such a body. */
  private static void check(HttpServerRequest request, Buffer body) {
    JsonObject paths = DOCUMENT.getJsonObject("paths");
    String template =
        paths.fieldNames().stream()
            .filter(path -> request.path().matches(path.replaceAll("\\{[^}]+}", "[^/]+")))
            .filter(path -> paths.getJsonObject(path).containsKey(method(request)))
            .findFirst()
            .orElseThrow(() -> new AssertionError("not in the document: " + request.path()));
    JsonObject operation = paths.getJsonObject(template).getJsonObject(method(request));
    JsonObject takes = operation.getJsonObject("requestBody");
    boolean optional = takes != null && !takes.getBoolean("required");
    if (body.length() == 0 && optional) return;
    assertTrue((takes != null) == (body.length() > 0), "a body, or none: " + operation);
    if (takes == null) return;
    JsonObject schema =
        referred(
            takes
                .getJsonObject("content")
                .getJsonObject("application/json")
                .getJsonObject("schema"));
    JsonObject members = body.toJsonObject();
    assertTrue(
        schema.getJsonObject("properties").fieldNames().containsAll(members.fieldNames()),
        () -> members + " has members that are not in " + schema);
    assertTrue(
        members
            .fieldNames()
            .containsAll(schema.getJsonArray("required", new JsonArray()).getList()),
        () -> members + " lacks members of " + schema);
  }

  private static String method(HttpServerRequest request) {
    return request.method().name().toLowerCase(java.util.Locale.ROOT);
  }

  private static JsonObject referred(JsonObject schema) {
    String reference = schema.getString("$ref");
    String name = reference.substring(reference.lastIndexOf('/') + 1);
    return DOCUMENT.getJsonObject("components").getJsonObject("schemas").getJsonObject(name);
  }

  @Override
  public void close() {
    server.close().await();
  }
}
