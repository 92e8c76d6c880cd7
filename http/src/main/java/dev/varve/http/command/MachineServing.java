package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.core.inventory.Job;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.client.RefusedException;
import dev.varve.http.server.StateServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/**
 * The part of {@code varve serve} for machines, after their server listens: opens and starts the
 * machines of the command line, and describes what is served. It sends requests to the server like
 * any other client.
 */
final class MachineServing {

  private static final int WAIT_SECONDS = 10;

  private final StateServer server;
  private final UnaryOperator<ApiRequest> how;
  private final PrintWriter err;
  private final List<JsonObject> exports = new CopyOnWriteArrayList<>();

  /**
   * @param how completes a request that starts a machine with the user's options
   * @param err where warnings go
   */
  MachineServing(StateServer server, UnaryOperator<ApiRequest> how, PrintWriter err) {
    this.server = server;
    this.how = how;
    this.err = err;
  }

  /**
   * Registers the machines of settings files, and starts them.
   *
   * @throws dev.varve.http.client.RefusedException one cannot be opened or started
   */
  void start(List<Path> settingsFiles) throws IOException {
    try (var api = new ApiClient(server.folder())) {
      for (JsonObject machine : open(settingsFiles, api)) start(machine, how, api);
    }
  }

  /** Describes all that is served. */
  String description(OutputFormat output) throws IOException {
    try (var api = new ApiClient(server.folder())) {
      JsonObject machines = api.send(get("machines"));
      return output == OutputFormat.JSON ? json(machines) : text(machines);
    }
  }

  /**
   * Registers machines, each once and in their order. A machine may need another one that is named
   * after it, as a linked clone needs its template. A refused machine is therefore tried again as
   * long as others were registered.
   */
  private Collection<JsonObject> open(List<Path> settingsFiles, ApiClient api) throws IOException {
    Map<Path, JsonObject> opened = new HashMap<>();
    Map<Path, RefusedException> refused = new LinkedHashMap<>();
    for (int before = -1; before != opened.size(); ) {
      before = opened.size();
      refused.clear();
      for (Path file : settingsFiles) {
        if (opened.containsKey(file)) continue;
        try {
          opened.put(file, open(file, api));
        } catch (RefusedException e) {
          refused.put(file, e);
        }
      }
      if (refused.isEmpty()) break;
    }
    if (!refused.isEmpty()) throw RefusedException.of(refused.values());
    Map<String, JsonObject> machines = new LinkedHashMap<>();
    for (Path file : settingsFiles) {
      JsonObject machine = Objects.requireNonNull(opened.get(file));
      if (machines.putIfAbsent(machine.getString("id"), machine) == null)
        AnswerWarnings.print(machine, err);
    }
    return machines.values();
  }

  static JsonObject open(Path settingsFile, ApiClient api) throws IOException {
    JsonObject file = new JsonObject().put("settingsFile", MediumReference.absolute(settingsFile));
    return api.send(post("machines", "open").body(file));
  }

  /** Starts a machine, and notes what it serves. Any thread; blocks. */
  void start(JsonObject opened, UnaryOperator<ApiRequest> how, ApiClient api) throws IOException {
    JsonObject machine = atRest(opened, api);
    JsonObject started = api.send(how.apply(post("machines", machine.getString("id"), "start")));
    // The warnings of a start are in the log, which goes to the same place.
    Map<Slot, JsonObject> disks = disks(machine, api);
    for (Object each : started.getJsonArray("exports")) {
      JsonObject export = (JsonObject) each;
      export.put("machineName", machine.getString("name"));
      JsonObject disk = disks.get(AnswerParts.slot(export));
      if (disk != null) {
        export
            .put("location", disk.getValue("location"))
            .put("capacity", disk.getValue("capacity"));
      }
      exports.add(export);
    }
  }

  /** Waits until unfinished work from the previous run has ended, and returns the machine. */
  private static JsonObject atRest(JsonObject machine, ApiClient api) throws IOException {
    JsonObject now = machine;
    while (now.getString("state").equals(MachineState.DELETING_SNAPSHOT.text())) {
      for (Object each : api.send(get("jobs")).getJsonArray("jobs")) {
        var job = (JsonObject) each;
        if (JobWait.state(job) == Job.State.RUNNING)
          api.send(get("jobs", job.getString("id")).query("waitSeconds", WAIT_SECONDS));
      }
      now = api.send(get("machines", machine.getString("id")));
    }
    return now;
  }

  /**
   * The media in a machine that are served, by their slots. Starting it may have put other ones
   * there.
   */
  private static Map<Slot, JsonObject> disks(JsonObject machine, ApiClient api) throws IOException {
    Map<String, JsonObject> media = new HashMap<>();
    for (Object each : api.send(get("media")).getJsonArray("media")) {
      var medium = (JsonObject) each;
      media.put(medium.getString("id"), medium);
    }
    JsonObject run = api.send(get("machines", machine.getString("id"))).getJsonObject("run");
    if (run != null) run.getJsonArray("unserved").forEach(media::remove);
    Map<Slot, JsonObject> disks = new HashMap<>();
    JsonObject attached = api.send(get("machines", machine.getString("id"), "attachments"));
    for (Object each : attached.getJsonArray("attachments")) {
      var attachment = (JsonObject) each;
      JsonObject medium = media.get(attachment.getString("medium"));
      if (medium != null) disks.put(AnswerParts.slot(attachment), medium);
    }
    return disks;
  }

  /** For programs. */
  private String json(JsonObject machines) {
    return new JsonObject()
        .put("state", server.folder().toString())
        .put("api", new JsonArray(server.apiAddresses()))
        .put("nbd", new JsonArray(server.nbdAddresses()))
        .put("machines", machines.getJsonArray("machines"))
        .put("bad", machines.getJsonArray("bad"))
        .put("exports", new JsonArray(exports))
        .encode();
  }

  /** For people. */
  private String text(JsonObject machines) {
    var sheet =
        new PropertyList("machines of " + server.folder())
            .each("api", new JsonArray(server.apiAddresses()))
            .each("nbd", new JsonArray(server.nbdAddresses()));
    for (Object each : machines.getJsonArray("machines")) {
      var machine = (JsonObject) each;
      sheet.fact("machine", machine.getString("name") + ", " + MachineWords.state(machine));
    }
    for (Object each : machines.getJsonArray("bad")) {
      var bad = (JsonObject) each;
      sheet.fact("cannotBeRead", bad.getString("settingsFile") + ": " + bad.getString("why"));
    }
    var text = new StringBuilder(sheet.toString());
    for (JsonObject export : exports) {
      text.append(
          "\n%s, %s: ".formatted(export.getString("machineName"), AnswerParts.slot(export)));
      text.append(
          export.containsKey("location")
              ? "%s, %d bytes".formatted(export.getString("location"), export.getLong("capacity"))
              : "empty");
      export.getJsonArray("uris").forEach(uri -> text.append("\n  ").append(uri));
    }
    return text.toString();
  }
}
