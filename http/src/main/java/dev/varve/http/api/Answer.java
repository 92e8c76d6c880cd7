package dev.varve.http.api;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The answer of a handler. Immutable.
 *
 * @param body null for none
 * @param stream writes the body from now on, and ends it; null if it is there already
 */
record Answer(
    int status,
    Map<String, String> headers,
    @Nullable Buffer body,
    @Nullable Consumer<HttpServerResponse> stream) {

  Answer {
    headers = Map.copyOf(headers);
  }

  Answer(int status, Map<String, String> headers, @Nullable Buffer body) {
    this(status, headers, body, null);
  }

  /** A body that is written over time; {@code stream} is called on the event loop. */
  static Answer stream(String type, Consumer<HttpServerResponse> stream) {
    return new Answer(200, Map.of("Content-Type", type), null, stream);
  }

  static Answer text(String type, String body) {
    return new Answer(200, Map.of("Content-Type", type), Buffer.buffer(body));
  }

  static Answer ok(JsonObject body) {
    return of(200, body);
  }

  static Answer of(int status, JsonObject body) {
    return new Answer(status, Map.of("Content-Type", "application/json"), body.toBuffer());
  }

  /** Something was made, and is at {@code location} from now on. */
  static Answer created(String location, JsonObject body) {
    return of(201, body).with("Location", location);
  }

  static Answer done() {
    return new Answer(204, Map.of(), null);
  }

  static Answer of(Problem problem, RequestId request) {
    return new Answer(
        problem.status(),
        Map.of("Content-Type", Problem.MEDIA_TYPE),
        problem.json().put("instance", request.uri()).toBuffer());
  }

  Answer with(String header, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(header, value);
    return new Answer(status, more, body, stream);
  }
}
