package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks a control plane by operation, over its Unix socket, and holds every answer against the
 * document. Blocks.
 */
final class Api implements AutoCloseable {

  private static final ApiDocument DOCUMENT = ApiDocument.load();
  private static final Map<String, Operation> OPERATIONS =
      DOCUMENT.operations().stream().collect(Collectors.toMap(Operation::id, Function.identity()));
  private static final Pattern STEP = Pattern.compile("\\{[a-z]+}");

  private final WebClient client;
  private final SocketAddress socket;
  private final @Nullable String token;
  private final Set<String> succeeded = new TreeSet<>();
  private boolean rehearsing;

  /**
   * @param token null for none
   */
  Api(Vertx vertx, Path socket, @Nullable String token) {
    this.token = token;
    this.client = WebClient.create(vertx);
    this.socket = SocketAddress.domainSocketAddress(socket.toString());
  }

  /** From now on, whatever can be asked for a preview is asked for it first. */
  Api rehearsing() {
    rehearsing = true;
    return this;
  }

  /** What was answered. */
  record Reply(int status, Map<String, String> headers, JsonObject body) {
    String etag() {
      return headers.get("etag");
    }

    String id() {
      return body.getString("id");
    }

    String error() {
      return body.getString("error");
    }

    String detail() {
      return body.getString("detail");
    }

    /** The problem without the id of its request. */
    JsonObject refusal() {
      JsonObject refusal = body.copy();
      refusal.remove("instance");
      return refusal;
    }
  }

  /** A request that is being put together. */
  final class Ask {
    private final Operation operation;
    private final HttpRequest<Buffer> request;
    private JsonObject body;

    private Ask(Operation operation, String uri) {
      this.operation = operation;
      request =
          client.request(
              operation.method(), socket, new RequestOptions().setHost("localhost").setURI(uri));
      if (token != null) request.putHeader("Authorization", "Bearer " + token);
    }

    Ask body(Object... namesAndValues) {
      body = json(namesAndValues);
      return this;
    }

    Ask whole(JsonObject whole) {
      body = whole;
      return this;
    }

    Ask header(String name, String value) {
      request.putHeader(name, value);
      return this;
    }

    Ask query(String name, Object value) {
      request.addQueryParam(name, value.toString());
      return this;
    }

    Ask in(String session) {
      request.putHeader("Varve-Session", session);
      return this;
    }

    Ask ifMatch(String etag) {
      request.putHeader("If-Match", etag);
      return this;
    }

    Ask ifNoneMatch(String etag) {
      request.putHeader("If-None-Match", etag);
      return this;
    }

    /** Sends it; the answer must be one that the document promises. */
    Reply reply() {
      boolean dry = operation.parameters().stream().anyMatch(p -> p.name().equals("dryRun"));
      if (!rehearsing || !dry) return sent();
      request.addQueryParam("dryRun", "true");
      Reply preview = sent();
      request.queryParams().remove("dryRun");
      Reply done = sent();
      if (done.status() >= 400) assertEquals(done.refusal(), preview.refusal(), operation.id());
      else assertNotNull(preview.body().getString("summary"), () -> preview.body().encode());
      return done;
    }

    private Reply sent() {
      HttpResponse<Buffer> response =
          ControlPlane.await(body == null ? request.send() : request.sendJsonObject(body));
      Buffer text = response.body();
      boolean plain = String.valueOf(response.getHeader("Content-Type")).startsWith("text/");
      JsonObject json =
          text == null
              ? new JsonObject()
              : plain ? new JsonObject().put("text", text.toString()) : text.toJsonObject();
      Schemas.Check promised = DOCUMENT.answerOf(operation, response.statusCode());
      if (plain)
        assertEquals(null, promised.complaint("the answer", text.toString()), operation.id());
      else if (promised == null) assertEquals(new JsonObject(), json, operation.id());
      else assertEquals(null, promised.complaint("the answer", json), () -> json.encodePrettily());
      if (response.statusCode() < 400) succeeded.add(operation.id());
      return new Reply(
          response.statusCode(),
          response.headers().entries().stream()
              .collect(
                  Collectors.toMap(
                      e -> e.getKey().toLowerCase(java.util.Locale.ROOT), Map.Entry::getValue)),
          json);
    }

    /** Sends it; it must be granted with this status. */
    Reply is(int status) {
      Reply reply = reply();
      assertEquals(status, reply.status(), () -> operation.id() + ": " + reply.body().encode());
      return reply;
    }

    /** Sends it; it must be refused with this status and error. */
    Reply refused(int status, String error) {
      Reply reply = is(status);
      assertEquals(error, reply.error(), reply::detail);
      assertNotNull(reply.detail());
      return reply;
    }
  }

  /**
   * Asks for an operation.
   *
   * @param steps what stands in the path for the names in braces, in order
   */
  Ask ask(String operation, Object... steps) {
    Operation wanted = OPERATIONS.get(operation);
    assertNotNull(wanted, operation);
    Matcher names = STEP.matcher(wanted.path());
    var uri = new StringBuilder();
    for (Object step : steps) {
      names.find();
      names.appendReplacement(uri, Matcher.quoteReplacement(encoded(step.toString())));
    }
    names.appendTail(uri);
    return new Ask(wanted, uri.toString());
  }

  /** Makes a machine with a SATA controller. */
  void makeMachine(String name) {
    ask("createMachine").body("name", name).is(201);
    ask("addController", name).body("name", "SATA", "bus", "SATA").is(201);
  }

  /** Makes an image, and returns its place. */
  Path makeDisk(Path image, long capacity) {
    ask("createMedium").body("location", image, "capacity", capacity).is(201);
    return image;
  }

  /** To attach a disk to a port of the controller that {@link #makeMachine} has made. */
  Ask attach(String machine, int port, Object disk) {
    return ask("attach", machine)
        .body("controller", "SATA", "port", port, "device", 0, "type", "HardDisk", "medium", disk);
  }

  /** The operations that have been granted at least once. */
  Set<String> succeeded() {
    return succeeded;
  }

  static JsonObject json(Object... namesAndValues) {
    var json = new JsonObject();
    for (int i = 0; i < namesAndValues.length; i += 2)
      json.put(
          (String) namesAndValues[i],
          namesAndValues[i + 1] instanceof Path path ? path.toString() : namesAndValues[i + 1]);
    return json;
  }

  private static String encoded(String step) {
    return URLEncoder.encode(step, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public void close() {
    client.close();
  }
}
