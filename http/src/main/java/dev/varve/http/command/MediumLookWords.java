package dev.varve.http.command;

import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;

/** Asks for the map or the check of a medium, and prints the answer. */
final class MediumLookWords {

  private MediumLookWords() {}

  /**
   * Asks for all parts of a map and prints them as they come: there can be millions of extents.
   *
   * @throws IOException the server is gone, or the chain has changed in between
   */
  static void map(ApiClient server, ApiRequest request, boolean json, PrintWriter out)
      throws IOException {
    JsonObject first = server.send(request.query("limit", 10_000));
    String head =
        new JsonObject()
            .put("capacity", first.getLong("capacity"))
            .put("images", first.getJsonArray("images"))
            .encode();
    if (json) out.print(head.substring(0, head.length() - 1) + ",\"extents\":[");
    else out.printf("%20s %20s %5s  %-4s  %s%n", "offset", "length", "depth", "is", "file");
    String separator = "\n";
    for (JsonObject part = first; ; part = next(server, request, first, part)) {
      for (Object each : part.getJsonArray("extents")) {
        var extent = (JsonObject) each;
        if (json) out.print(separator + extent.encode());
        else out.println(line(extent));
        separator = ",\n";
      }
      if (part.getLong("next") == null) break;
    }
    if (json) out.println("\n]}");
    out.flush();
  }

  private static JsonObject next(
      ApiClient server, ApiRequest request, JsonObject first, JsonObject part) throws IOException {
    JsonObject next =
        server.send(request.query("limit", 10_000).query("offset", part.getLong("next")));
    if (!next.getJsonArray("images").equals(first.getJsonArray("images")))
      throw new IOException(
          "a snapshot or a merge changed the images of the disk while the map was read; run the command again");
    return next;
  }

  private static String line(JsonObject extent) {
    return "%20d %20d %5d  %-4s  %s"
        .formatted(
            extent.getLong("offset"),
            extent.getLong("length"),
            extent.getInteger("depth"),
            extent.getBoolean("zero") ? "zero" : "data",
            extent.getString("file") == null ? "" : extent.getString("file"));
  }

  static String report(JsonObject report) {
    var text = new StringBuilder(report.getString("file"));
    text.append(": ").append(report.getString("status"));
    JsonArray findings = report.getJsonArray("findings");
    for (Object each : findings) {
      var found = (JsonObject) each;
      text.append("\n  ").append(found.getString("severity")).append(": ");
      text.append(found.getString("message"));
    }
    if (report.getBoolean("served"))
      text.append(
          "\n  note: a machine is writing to it; the file was checked as it is on disk, and for damage only");
    return text.toString();
  }
}
