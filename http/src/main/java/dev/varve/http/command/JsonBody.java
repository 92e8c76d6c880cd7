package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/** The body of a request, made of the options that were given. */
final class JsonBody {

  private final JsonObject json = new JsonObject();

  /** A member; null leaves it out. */
  JsonBody put(String name, @Nullable Object value) {
    if (value != null) json.put(name, value);
    return this;
  }

  /** A member that is true or false; null leaves it out. */
  JsonBody put(String name, @Nullable Switch value) {
    if (value != null) json.put(name, value == Switch.ON);
    return this;
  }

  JsonObject json() {
    return json;
  }
}
