package dev.varve.http.command;

import dev.varve.core.log.Amount;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Images and what they take on the host, as text for people. */
final class ImageTreeWords {

  private ImageTreeWords() {}

  /** A machine's images, each below its parent. */
  static String images(JsonObject answer, ApiClient server) throws IOException {
    ReadableNames machines = ReadableNames.ofMachines(server);
    Map<String, Integer> depths = new HashMap<>();
    var table = new TextTable("own", "shared", "freed", "used by", "image");
    for (JsonObject image : AnswerParts.objects(answer, "images")) {
      int depth = depths.getOrDefault(image.getString("parent"), -1) + 1;
      depths.put(image.getString("id"), depth);
      table.row(
          ByteSize.rounded(image.getLong("ownBytes")),
          ByteSize.rounded(image.getLong("sharedBytes")),
          ByteSize.rounded(image.getLong("freedBytes")),
          users(image, machines),
          "  ".repeat(depth) + PrintableText.of(image.getString("location")));
    }
    return table.isEmpty() ? "no images" : table.toString();
  }

  private static String users(JsonObject image, ReadableNames machines) {
    if (image.getBoolean("unused")) return "nothing: it can be deleted";
    List<String> users = new ArrayList<>();
    for (JsonObject slot : AnswerParts.objects(image, "slots"))
      users.add(AnswerParts.slot(slot).toString());
    for (JsonObject use : AnswerParts.objects(image, "uses")) {
      int snapshots = use.getJsonArray("snapshots").size();
      if (snapshots > 0)
        users.add(
            "%s of %s"
                .formatted(
                    Amount.of(snapshots, "snapshot"),
                    PrintableText.of(String.valueOf(machines.of(use.getString("machine"))))));
    }
    return users.isEmpty() ? "images above it" : String.join(", ", users);
  }

  /** Adds what a medium takes on the host. */
  static void addTo(PropertyList sheet, JsonObject medium, ApiClient server) throws IOException {
    JsonObject storage = storage(medium, server);
    if (storage.getString("lookError") != null) return; // the access error says more
    sheet
        .size("fileLength", storage.getLong("fileLength"))
        .size("ownBytes", storage.getLong("ownBytes"))
        .size("sharedBytes", storage.getLong("sharedBytes"))
        .size("freedBytes", storage.getLong("freedBytes"));
  }

  /** What a medium takes on the host, asked for by itself. */
  static JsonObject storage(JsonObject medium, ApiClient server) throws IOException {
    JsonArray images =
        server
            .send(ApiRequest.get("media", medium.getString("id"), "storage"))
            .getJsonArray("images");
    return images.getJsonObject(0);
  }

  /** The registered media with their sizes. */
  static String sizes(JsonObject answer) {
    var table = new TextTable("own", "shared", "freed", "type", "format", "location");
    for (JsonObject medium : AnswerParts.objects(answer, "media")) {
      JsonObject storage = medium.getJsonObject("storage");
      table.row(
          ByteSize.rounded(storage.getLong("ownBytes")),
          ByteSize.rounded(storage.getLong("sharedBytes")),
          ByteSize.rounded(storage.getLong("freedBytes")),
          medium.getString("type"),
          medium.getString("format"),
          PrintableText.of(medium.getString("location")));
    }
    return table.isEmpty() ? "no media" : table.toString();
  }
}
