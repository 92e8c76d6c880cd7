package dev.varve.http.api;

import dev.varve.core.machine.Slot;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.function.Function;

/** Parts that many answers have. Any thread. */
final class JsonParts {

  private JsonParts() {}

  static <T> JsonArray array(Collection<T> values, Function<T, Object> json) {
    var array = new JsonArray();
    values.forEach(value -> array.add(json.apply(value)));
    return array;
  }

  static JsonObject of(Slot slot) {
    return new JsonObject()
        .put("controller", slot.controller())
        .put("port", slot.port())
        .put("device", slot.device());
  }
}
