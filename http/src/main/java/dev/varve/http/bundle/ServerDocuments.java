package dev.varve.http.bundle;

import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a server that runs says of its machines, disks and clients. For any thread; blocks. */
record ServerDocuments(Path stateFolder, Questions questions) {

  /** Of one request; a server that is well answers in far less. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  /** What is asked of the server. */
  private interface Question {
    String of(ApiClient client) throws IOException;
  }

  /** More machines than this tell nothing new. */
  private static final int MOST_MACHINES = 200;

  /** People write there what they like. */
  private static final Set<String> FREE_TEXTS = Set.of("description", "properties");

  List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    add(
        parts,
        "metrics.txt",
        "the server's metrics, as /metrics has them",
        client -> client.text(new ApiRequest(HttpMethod.GET, "/metrics", null, null)));
    add(parts, "server/machines.json", "all machines, each in whole", ServerDocuments::machines);
    add(parts, "media", "all media");
    add(parts, "disks", "the load of the disks that are served");
    add(parts, "exports", "what is served, and where");
    add(parts, "clients", "the clients of those disks");
    add(parts, "sessions", "sessions that hold machines");
    add(parts, "jobs", "jobs");
    return parts;
  }

  private void add(List<Part> parts, String name, String about) {
    add(
        parts,
        "server/" + name + ".json",
        about,
        client -> withoutFreeTexts(client.send(ApiRequest.get(name))).encodePrettily());
  }

  private void add(List<Part> parts, String file, String about, Question question) {
    parts.add(new Part(file, about, () -> questions.ask(() -> answer(question))));
  }

  private String answer(Question question) throws IOException {
    try (var client = new ApiClient(stateFolder, PATIENCE)) {
      return question.of(client);
    } catch (InterruptedIOException _) {
      throw new SilentServerException(
          "the server has not answered for %d seconds: it is stopped or hangs"
              .formatted(PATIENCE.toSeconds()));
    }
  }

  private static String machines(ApiClient client) throws IOException {
    JsonObject list = client.send(ApiRequest.get("machines"));
    var machines = new JsonArray();
    for (Object each : list.getJsonArray("machines")) {
      if (machines.size() == MOST_MACHINES) break;
      String id = ((JsonObject) each).getString("id");
      machines.add(client.send(ApiRequest.get("machines", id)));
    }
    var all =
        new JsonObject()
            .put("count", list.getJsonArray("machines").size())
            .put("bad", list.getJsonArray("bad"))
            .put("warnings", list.getJsonArray("warnings"))
            .put("machines", machines);
    return withoutFreeTexts(all).encodePrettily();
  }

  static JsonObject withoutFreeTexts(JsonObject document) {
    var clean = new JsonObject();
    document.forEach(
        member ->
            clean.put(
                member.getKey(),
                FREE_TEXTS.contains(member.getKey())
                    ? leftOut(member.getValue())
                    : cleaned(member.getValue())));
    return clean;
  }

  private static @Nullable Object cleaned(@Nullable Object value) {
    return switch (value) {
      case JsonObject object -> withoutFreeTexts(object);
      case JsonArray array -> {
        var clean = new JsonArray();
        array.forEach(each -> clean.add(cleaned(each)));
        yield clean;
      }
      case null, default -> value;
    };
  }

  /** Whether there is one is worth knowing. */
  private static String leftOut(@Nullable Object value) {
    return switch (value) {
      case String text -> text.length() + " characters, left out";
      case JsonObject object -> object.size() + " values, left out";
      case null, default -> "left out";
    };
  }
}
