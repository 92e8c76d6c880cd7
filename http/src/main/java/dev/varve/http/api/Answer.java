package dev.varve.http.api;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a handler answers.
 *
 * @param body null for none
 */
record Answer(int status, Map<String, String> headers, @Nullable Buffer body) {

  Answer {
    headers = Map.copyOf(headers);
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

  static Answer of(Problem problem) {
    return new Answer(
        problem.status(), Map.of("Content-Type", Problem.MEDIA_TYPE), problem.json().toBuffer());
  }

  Answer with(String header, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(header, value);
    return new Answer(status, more, body);
  }
}
