package dev.varve.http.command;

import dev.varve.core.machine.Slot;
import io.vertx.core.json.JsonObject;

/** Reads what many answers of the API have in them. */
final class AnswerParts {

  private AnswerParts() {}

  static Slot slot(JsonObject placed) {
    return new Slot(
        placed.getString("controller"), placed.getInteger("port"), placed.getInteger("device"));
  }

  static Iterable<JsonObject> objects(JsonObject answer, String array) {
    return answer.getJsonArray(array).stream().map(JsonObject.class::cast)::iterator;
  }
}
