package dev.varve.http.api;

import dev.varve.core.inventory.Warnings.Warning;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What is wrong at the moment, as JSON. */
final class WarningJson {

  private WarningJson() {}

  static JsonArray of(List<Warning> warnings) {
    return JsonParts.array(
        warnings,
        warning ->
            new JsonObject()
                .put("kind", warning.kind().text())
                .put("subject", warning.subject())
                .put("text", warning.text())
                .put("since", warning.since().toString()));
  }
}
