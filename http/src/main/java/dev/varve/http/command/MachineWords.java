package dev.varve.http.command;

import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Machines and their parts as text for people. */
final class MachineWords {

  private static final String[] FLAGS = {
    "passthrough",
    "temporaryEject",
    "ejected",
    "nonRotational",
    "discard",
    "hotPluggable",
    "implicit"
  };

  private MachineWords() {}

  static String machines(JsonObject answer, ApiClient server) {
    var table = new TextTable("name", "state", "lock", "modified", "settings file");
    for (JsonObject machine : AnswerParts.objects(answer, "machines")) {
      table.row(
          machine.getString("name"),
          state(machine) + (machine.getBoolean("changedOutside", false) ? ", changed outside" : ""),
          machine.getString("lock"),
          machine.getBoolean("modified") ? "yes" : "no",
          machine.getString("settingsFile"));
    }
    var text = new StringBuilder(table.isEmpty() ? "no machines" : table.toString());
    for (JsonObject bad : AnswerParts.objects(answer, "bad")) {
      text.append(
          "\ncannot be read: %s: %s"
              .formatted(bad.getString("settingsFile"), bad.getString("why")));
    }
    for (JsonObject warning : AnswerParts.objects(answer, "warnings"))
      text.append("\nwarning: ").append(warning.getString("text"));
    return text.toString();
  }

  static String discardedState(JsonObject answer, ApiClient server) {
    String kept = answer.getString("kept");
    return kept == null
        ? "deleted: " + answer.getString("stateFile")
        : "kept: %s: %s".formatted(answer.getString("stateFile"), kept);
  }

  /** Everything about a machine; a running one's exports too. */
  static String machine(JsonObject machine, ApiClient server) throws IOException {
    JsonObject hardware = machine.getJsonObject("hardware");
    ReadableNames media = ReadableNames.ofMedia(server);
    boolean differs =
        machine.getString("currentSnapshot") != null && machine.getBoolean("currentStateModified");
    var sheet =
        new PropertyList(machine.getString("name"))
            .facts(machine, "id")
            .fact("state", state(machine))
            .each("runsWithout", leftOut(machine))
            .each("notServed", notServed(machine, media))
            .facts(machine, "lock")
            .fact("modified", yes(machine.getBoolean("modified")))
            .facts(machine, "settingsFile", "snapshotFolder", "stateFile", "chipset")
            .fact(
                "currentSnapshot",
                ReadableNames.ofSnapshots(machine).of(machine.getString("currentSnapshot")))
            .fact("differsFromIt", yes(differs))
            .facts(machine, "lastStateChange");
    return hardware(sheet, hardware, media)
        .each("noEffect", withoutEffect(hardware))
        .table("snapshots", snapshotTable(machine))
        .table(
            "exports",
            exportTable(
                server.send(ApiRequest.get("machines", machine.getString("id"), "exports"))))
        .toString();
  }

  /** The state of a machine, and what is special about it. */
  static String state(JsonObject machine) {
    JsonObject run = machine.getJsonObject("run");
    boolean readOnly = run != null && run.getBoolean("readOnly");
    boolean encrypted = machine.getBoolean("encrypted", false);
    return machine.getString("state")
        + (readOnly ? ", read-only" : "")
        + (encrypted ? ", encrypted" : "");
  }

  /** The slots that a run leaves out. */
  private static JsonArray leftOut(JsonObject machine) {
    JsonObject run = machine.getJsonObject("run");
    var slots = new JsonArray();
    if (run != null)
      AnswerParts.objects(run, "without").forEach(each -> slots.add(AnswerParts.slot(each)));
    return slots;
  }

  /** The media in drives that are empty for the guest. */
  private static JsonArray notServed(JsonObject machine, ReadableNames media) {
    JsonObject run = machine.getJsonObject("run");
    return run == null ? new JsonArray() : media.of(run.getJsonArray("unserved"));
  }

  /** What a boolean that is rarely true says. */
  private static String yes(boolean value) {
    return value ? "yes" : "";
  }

  private static PropertyList hardware(
      PropertyList sheet, JsonObject hardware, ReadableNames media) {
    return sheet
        .table("controllers", controllerTable(hardware))
        .table("attachments", attachmentTable(hardware, media))
        .table("bandwidth groups", BandwidthWords.table(hardware));
  }

  static String controllers(JsonObject answer, ApiClient server) {
    return tableOr("no controllers", controllerTable(answer));
  }

  static String controller(JsonObject controller, ApiClient server) {
    return controllerTable(alone("controllers", controller)).toString();
  }

  static String attachment(JsonObject attachment, ApiClient server) throws IOException {
    JsonObject alone = alone("attachments", attachment);
    var text = new StringBuilder(attachmentTable(alone, ReadableNames.ofMedia(server)).toString());
    withoutEffect(alone).forEach(why -> text.append("\nno effect: ").append(why));
    return text.toString();
  }

  /** Which flags are set and do nothing, and why. */
  private static JsonArray withoutEffect(JsonObject hardware) {
    var without = new JsonArray();
    for (JsonObject attachment : AnswerParts.objects(hardware, "attachments")) {
      for (var effect : attachment.getJsonObject("effects", new JsonObject())) {
        String why = ((JsonObject) effect.getValue()).getString("why");
        if (why != null && attachment.getBoolean(effect.getKey()))
          without.add("%s %s: %s".formatted(AnswerParts.slot(attachment), effect.getKey(), why));
      }
    }
    return without;
  }

  static String attachments(JsonObject answer, ApiClient server) throws IOException {
    return tableOr("nothing is attached", attachmentTable(answer, ReadableNames.ofMedia(server)));
  }

  static String snapshots(JsonObject answer, ApiClient server) {
    return tableOr("no snapshots", snapshotTable(answer));
  }

  static String snapshot(JsonObject snapshot, ApiClient server) throws IOException {
    var sheet =
        new PropertyList(snapshot.getString("name"))
            .facts(snapshot, "id", "description", "takenAt", "parent", "stateFile");
    return hardware(sheet, snapshot.getJsonObject("hardware"), ReadableNames.ofMedia(server))
        .toString();
  }

  /** Where the disks of one machine are served. */
  static String exports(JsonObject answer, ApiClient server) {
    return tableOr("nothing is served", exportTable(answer));
  }

  /** Where the disks of all machines are served. */
  static String allExports(JsonObject answer, ApiClient server) throws IOException {
    ReadableNames machines = ReadableNames.ofMachines(server);
    var table = new TextTable("machine", "slot", "uri");
    for (JsonObject export : AnswerParts.objects(answer, "exports")) {
      String machine = machines.of(export.getString("machine"));
      for (Object uri : export.getJsonArray("uris"))
        table.row(machine, AnswerParts.slot(export), uri);
    }
    return tableOr("nothing is served", table);
  }

  static String sessions(JsonObject answer, ApiClient server) throws IOException {
    ReadableNames machines = ReadableNames.ofMachines(server);
    var table = new TextTable("id", "machine", "type", "holder", "since", "expires");
    for (JsonObject session : AnswerParts.objects(answer, "sessions")) {
      table.row(
          session.getString("id"),
          machines.of(session.getString("machine")),
          session.getString("type"),
          session.getString("holder"),
          session.getString("since"),
          session.getString("expires"));
    }
    return tableOr("no sessions", table);
  }

  private static TextTable controllerTable(JsonObject hardware) {
    var table = new TextTable("name", "bus", "type", "ports", "bootable", "host io cache");
    for (JsonObject controller : AnswerParts.objects(hardware, "controllers")) {
      table.row(
          controller.getString("name"),
          controller.getString("bus"),
          controller.getString("type"),
          controller.getInteger("portCount"),
          controller.getBoolean("bootable") ? "yes" : "no",
          controller.getBoolean("useHostIoCache") ? "yes" : "no");
    }
    return table;
  }

  private static TextTable attachmentTable(JsonObject hardware, ReadableNames media) {
    var table = new TextTable("slot", "type", "flags", "bandwidth group", "reclaimed", "medium");
    for (JsonObject attachment : AnswerParts.objects(hardware, "attachments")) {
      table.row(
          AnswerParts.slot(attachment),
          attachment.getString("type"),
          flags(attachment),
          attachment.getString("bandwidthGroup"),
          reclaimed(attachment),
          media.of(attachment.getString("medium")));
    }
    return table;
  }

  private static String flags(JsonObject attachment) {
    String flags = Stream.of(FLAGS).filter(attachment::getBoolean).collect(Collectors.joining(","));
    return flags.isEmpty() ? "-" : flags;
  }

  private static @Nullable String reclaimed(JsonObject attachment) {
    Long bytes = attachment.getLong("reclaimed");
    return bytes == null ? null : ByteSize.text(bytes);
  }

  /** Children are indented below their parents; a star marks the current snapshot. */
  private static TextTable snapshotTable(JsonObject machine) {
    var table = new TextTable("name", "taken at", "id", "description");
    Map<String, Integer> depths = new HashMap<>();
    for (JsonObject snapshot : AnswerParts.objects(machine, "snapshots")) {
      String id = snapshot.getString("id");
      String parent = snapshot.getString("parent");
      int depth = parent == null ? 0 : depths.getOrDefault(parent, -1) + 1;
      depths.put(id, depth);
      boolean current = id.equals(machine.getString("currentSnapshot"));
      table.row(
          "  ".repeat(depth) + snapshot.getString("name") + (current ? " *" : ""),
          snapshot.getString("takenAt"),
          id,
          snapshot.getString("description").lines().findFirst().orElse("-"));
    }
    return table;
  }

  private static TextTable exportTable(JsonObject answer) {
    var table = new TextTable("slot", "uri");
    for (JsonObject export : AnswerParts.objects(answer, "exports")) {
      for (Object uri : export.getJsonArray("uris")) table.row(AnswerParts.slot(export), uri);
    }
    return table;
  }

  private static JsonObject alone(String array, JsonObject thing) {
    return new JsonObject().put(array, new JsonArray().add(thing));
  }

  private static String tableOr(String nothing, TextTable table) {
    return table.isEmpty() ? nothing : table.toString();
  }
}
