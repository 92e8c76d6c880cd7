package dev.varve.http.api;

import dev.varve.core.inventory.DiscardedState;
import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.StartOptions;
import dev.varve.core.inventory.Started;
import dev.varve.core.inventory.Unlisted;
import dev.varve.core.inventory.UnregisterMode;
import dev.varve.core.inventory.View;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.Warnings;
import dev.varve.core.inventory.Warnings.Warning;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.MediumId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Answers requests about machines, their starts and stops, and their exports. */
final class MachineHandlers {

  private static final Comparator<MachineView> BY_NAME =
      Comparator.<MachineView, String>comparing(machine -> machine.saved().name())
          .thenComparing(machine -> machine.saved().id().toString());

  private final Inventory inventory;
  private final ServedDisks disks;
  private final SessionHandlers sessions;
  private final AttachmentJson json;

  /**
   * @param disks those of running machines; to ask where they are served may block
   */
  MachineHandlers(
      Inventory inventory, ServedDisks disks, SessionHandlers sessions, AttachmentJson json) {
    this.inventory = inventory;
    this.disks = disks;
    this.sessions = sessions;
    this.json = json;
  }

  void addTo(Handlers handlers) {
    handlers.onLookThread("listMachines", this::list);
    handlers.onLookThread("getMachine", this::get);
    handlers.onChangeThread(
        "createMachine", call -> made(inventory.createMachine(call.textMember("name")), List.of()));
    handlers.onChangeThread("openMachine", this::open);
    handlers.onChangeThread("unregisterMachine", this::unregister);
    handlers.onChangeThread("startMachine", this::start);
    handlers.onChangeThread("powerDownMachine", this::powerDown);
    handlers.onChangeThread("reloadMachine", this::reload);
    handlers.onChangeThread("discardSavedState", this::discardState);
    handlers.onLookThread("listMachineExports", this::exportsOfOne);
    handlers.onLookThread("listExports", _ -> exportsOfAll());
  }

  /** Checks before a call whether another program has changed the machine's settings file. */
  static void look(Call call, Inventory inventory) {
    if (call.operation().path().contains("{machine}")) inventory.look(call.text("machine"));
  }

  private Answer list(Call call) {
    inventory.look();
    View view = inventory.view();
    List<Warning> warnings = inventory.warnings().all();
    Set<String> changed =
        warnings.stream()
            .filter(warning -> warning.kind() == Warnings.Kind.CHANGED_OUTSIDE)
            .map(Warning::subject)
            .collect(Collectors.toSet());
    return Answer.ok(
        Page.of(call)
            .json(
                "machines",
                view.machines().values().stream().filter(machine -> isAskedFor(machine, call)),
                machine -> Page.key(machine.saved().name(), machine.saved().id()),
                machine ->
                    MachineJson.summary(machine)
                        .put(
                            "changedOutside",
                            changed.contains(machine.saved().settingsFile().toString())))
            .put(
                "bad",
                JsonParts.array(
                    view.bad(),
                    bad ->
                        new JsonObject()
                            .put("settingsFile", bad.settingsFile().toString())
                            .put("id", bad.id() == null ? null : bad.id().toString())
                            .put("why", bad.why())))
            .put("warnings", WarningJson.of(warnings)));
  }

  private static boolean isAskedFor(MachineView machine, Call call) {
    return call.matches("state", machine.state().text())
        && call.isPartOf("name", machine.saved().name());
  }

  private Answer get(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    ETag etag = MachineJson.etag(machine);
    String seen = call.optional("If-None-Match");
    Answer answer =
        seen != null && etag.isIn(seen)
            ? new Answer(304, Map.of(), null)
            : Answer.ok(json.whole(machine, copy(call, machine)));
    return answer.with("ETag", etag.text());
  }

  /** The copy of a machine's storage that the request asks for. */
  static Hardware copy(Call call, MachineView machine) {
    return call.text("copy").equals("working") ? machine.working() : machine.saved().hardware();
  }

  private Answer open(Call call) {
    MachineId id = inventory.openMachine(call.pathMember("settingsFile"));
    return made(id, inventory.remarks(id));
  }

  private Answer made(MachineId id, List<String> warnings) {
    MachineView machine = Lookup.machine(inventory.view(), id.toString());
    JsonObject whole = json.whole(machine, machine.saved().hardware());
    if (!warnings.isEmpty()) whole.put("warnings", new JsonArray(warnings));
    return Answer.created(Paths.of(id), whole).with("ETag", MachineJson.etag(machine).text());
  }

  private Answer unregister(Call call) {
    UnregisterMode mode =
        Call.valueOf(call.text("mode"), UnregisterMode.class, UnregisterMode::text);
    View.BadMachine bad = Lookup.badMachine(inventory.view(), call.text("machine"));
    if (bad != null) return unlist(call, bad, mode);
    MachineView machine = Lookup.machine(inventory, call);
    SessionHandlers.check(call, machine);
    List<MediumId> media = inventory.unregister(machine.saved().id(), mode);
    return unregistered(machine.saved().settingsFile(), media, new Unlisted(List.of(), List.of()));
  }

  /** Takes a machine that cannot be read off the list; more is not known of it. */
  private Answer unlist(Call call, View.BadMachine bad, UnregisterMode mode) {
    if (mode != UnregisterMode.UNREGISTER_ONLY)
      throw RefusedRequest.malformed(
          "the media of '%s' are not known, because this settings file cannot be used (%s); send mode=%s"
              .formatted(bad.settingsFile(), bad.why(), UnregisterMode.UNREGISTER_ONLY.text()));
    if (call.ifMatch() != null)
      throw RefusedRequest.malformed(
          "'%s' cannot be used and has no ETag; send the request without If-Match"
              .formatted(bad.settingsFile()));
    return unregistered(bad.settingsFile(), List.of(), inventory.unlist(bad.settingsFile()));
  }

  private static Answer unregistered(Path settingsFile, List<MediumId> media, Unlisted given) {
    return Answer.ok(
        new JsonObject()
            .put("settingsFile", settingsFile.toString())
            .put("media", JsonParts.array(media, MediumId::toString))
            .put("images", JsonParts.array(given.images(), Path::toString))
            .put("work", JsonParts.array(given.work(), work -> work)));
  }

  private Answer start(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    SessionHandlers.check(call, machine);
    MachineId id = machine.saved().id();
    Started started =
        inventory.start(
            id,
            new StartOptions(
                call.flagMember("readOnly"),
                call.slotsMember("without"),
                call.flagMember("force")));
    JsonObject exports = MachineJson.exports(Map.of(id, started.uris()), disks);
    if (!started.warnings().isEmpty()) exports.put("warnings", new JsonArray(started.warnings()));
    return Answer.ok(exports);
  }

  private Answer powerDown(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    SessionHandlers.check(call, machine);
    inventory.powerDown(machine.saved().id());
    return Answer.done();
  }

  private Answer reload(Call call) {
    View.BadMachine bad = Lookup.badMachine(inventory.view(), call.text("machine"));
    MachineId id;
    boolean discarded = false;
    if (bad == null) {
      MachineView present = Lookup.machine(inventory, call);
      SessionHandlers.check(call, present);
      id = present.saved().id();
      discarded = inventory.reload(id, call.flag("discard"));
    } else {
      id = inventory.openMachine(bad.settingsFile());
    }
    MachineView machine = Lookup.machine(inventory.view(), id.toString());
    JsonObject whole = json.whole(machine, machine.saved().hardware());
    if (discarded)
      whole.put("warnings", new JsonArray().add("unsaved changes of a session were discarded"));
    return Answer.ok(whole).with("ETag", MachineJson.etag(machine).text());
  }

  private Answer discardState(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    DiscardedState discarded = sessions.changeFor(call, machine, inventory::discardState);
    return Answer.ok(
            new JsonObject().put("stateFile", discarded.stateFile()).put("kept", discarded.kept()))
        .with("ETag", MachineJson.etag(sessions.view(machine.saved().id())).text());
  }

  private Answer exportsOfOne(Call call) {
    return exports(List.of(Lookup.machine(inventory, call)));
  }

  private Answer exportsOfAll() {
    return exports(inventory.view().machines().values().stream().sorted(BY_NAME).toList());
  }

  private Answer exports(List<MachineView> machines) {
    Map<MachineId, Map<Slot, List<String>>> running = new LinkedHashMap<>();
    for (MachineView machine : machines) {
      MachineId id = machine.saved().id();
      if (machine.state().isOnline()) running.put(id, disks.uris(id));
    }
    return Answer.ok(MachineJson.exports(running, disks));
  }
}
