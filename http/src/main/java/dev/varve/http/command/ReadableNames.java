package dev.varve.http.command;

import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Readable names for the uuids in the API's answers. */
final class ReadableNames {

  private final Map<String, String> names = new HashMap<>();

  private ReadableNames() {}

  /** Of all machines. */
  static ReadableNames ofMachines(ApiClient server) throws IOException {
    return new ReadableNames().learn(server.send(ApiRequest.get("machines")), "machines", "name");
  }

  /** Of all media: their locations. */
  static ReadableNames ofMedia(ApiClient server) throws IOException {
    return new ReadableNames().learn(server.send(ApiRequest.get("media")), "media", "location");
  }

  /** Of a machine's snapshots. */
  static ReadableNames ofSnapshots(JsonObject machine) {
    return new ReadableNames().learn(machine, "snapshots", "name");
  }

  private ReadableNames learn(JsonObject answer, String array, String name) {
    for (Object each : answer.getJsonArray(array)) {
      var thing = (JsonObject) each;
      names.put(thing.getString("id"), thing.getString(name));
    }
    return this;
  }

  /** The name, or the uuid itself where there is none any more; null for null. */
  @Nullable String of(@Nullable String uuid) {
    return uuid == null ? null : names.getOrDefault(uuid, uuid);
  }

  JsonArray of(JsonArray uuids) {
    var named = new JsonArray();
    uuids.forEach(uuid -> named.add(of((String) uuid)));
    return named;
  }
}
