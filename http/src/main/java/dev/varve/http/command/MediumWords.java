package dev.varve.http.command;

import dev.varve.core.log.Amount;
import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What people are told of media. */
final class MediumWords {

  private MediumWords() {}

  static String media(JsonObject answer, ApiClient server) {
    var table = new TextTable("id", "device", "type", "state", "format", "location");
    for (Object each : answer.getJsonArray("media")) {
      var medium = (JsonObject) each;
      table.row(
          medium.getString("id"),
          medium.getString("device"),
          medium.getString("type"),
          medium.getString("state") + (medium.getBoolean("encrypted", false) ? ", encrypted" : ""),
          medium.getString("format"),
          medium.getString("location"));
    }
    return table.isEmpty() ? "no media" : table.toString();
  }

  static String medium(JsonObject medium, ApiClient server) throws IOException {
    ReadableNames media = ReadableNames.ofMedia(server);
    ReadableNames machines = ReadableNames.ofMachines(server);
    var sheet =
        new PropertyList(medium.getString("location"))
            .facts(
                medium,
                "id",
                "state",
                "accessError",
                "encrypted",
                "format",
                "device",
                "type",
                "variant");
    if (medium.getLong("capacity") > 0) sheet.size("capacity", medium.getLong("capacity"));
    ImageTreeWords.addTo(sheet, medium, server);
    sheet
        .fact("parent", media.of(medium.getString("parent")))
        .each("child", media.of(medium.getJsonArray("children")));
    if (medium.getString("parent") != null) sheet.facts(medium, "autoReset");
    sheet
        .facts(medium, "needsDifferencing")
        .each("usedBy", uses(medium.getJsonArray("uses"), machines))
        .each("heldBy", medium.getJsonArray("holders"))
        .each("registry", machines.of(medium.getJsonArray("registries")))
        .facts(medium, "description");
    for (var property : medium.getJsonObject("properties")) {
      sheet.fact("property", property.getKey() + " = " + property.getValue());
    }
    return sheet.toString();
  }

  private static JsonArray uses(JsonArray uses, ReadableNames machines) {
    var text = new JsonArray();
    for (Object each : uses) {
      var use = (JsonObject) each;
      int snapshots = use.getJsonArray("snapshots").size();
      text.add(
          machines.of(use.getString("machine"))
              + (use.getBoolean("current") ? ", current state" : "")
              + (snapshots > 0 ? ", " + Amount.of(snapshots, "snapshot") : ""));
    }
    return text;
  }

  /** What unregistering a machine leaves, a line each. */
  static String unregistered(JsonObject answer, ApiClient server) throws IOException {
    ReadableNames media = ReadableNames.ofMedia(server);
    List<String> lines = new ArrayList<>();
    lines.add("unregistered: " + answer.getString("settingsFile"));
    media.of(answer.getJsonArray("media")).forEach(medium -> lines.add("medium: " + medium));
    answer
        .getJsonArray("images")
        .forEach(
            file ->
                lines.add(
                    "kept: %s (the machine's settings file may refer to it; if not, it can be deleted)"
                        .formatted(file)));
    answer.getJsonArray("work").forEach(work -> lines.add("given up: " + work));
    return String.join("\n", lines);
  }
}
