package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.ModelException;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The snapshots of machines. */
final class SnapshotHandlers {

  private final Inventory inventory;
  private final SessionHandlers sessions;

  SnapshotHandlers(Inventory inventory, SessionHandlers sessions) {
    this.inventory = inventory;
    this.sessions = sessions;
  }

  void addTo(Handlers handlers) {
    handlers.onEventLoop("listSnapshots", this::list);
    handlers.onEventLoop("getSnapshot", this::get);
    handlers.onChangeThread("takeSnapshot", this::take);
    handlers.onChangeThread("restoreSnapshot", this::restore);
    handlers.onChangeThread("deleteSnapshot", this::delete);
  }

  private Answer list(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    return Answer.ok(
            new JsonObject()
                .mergeIn(page(call, machine.saved().snapshots()))
                .put("currentSnapshot", text(machine.saved().currentSnapshot())))
        .with("ETag", MachineJson.etag(machine).text());
  }

  /** Parents stay before their children, whatever the clock said when they were taken. */
  private static JsonObject page(Call call, List<Snapshot> all) {
    Map<SnapshotId, String> keys = new HashMap<>();
    for (Snapshot snapshot : all) {
      String own = Page.key(snapshot.takenAt(), snapshot.id());
      String parents = snapshot.parent() == null ? "" : keys.getOrDefault(snapshot.parent(), "");
      keys.put(snapshot.id(), own.compareTo(parents) > 0 ? own : parents + "/" + own);
    }
    return Page.of(call)
        .json(
            "snapshots",
            all.stream().filter(snapshot -> call.isPartOf("name", snapshot.name())),
            snapshot -> keys.getOrDefault(snapshot.id(), ""),
            MachineJson::summary);
  }

  private Answer get(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    return Answer.ok(MachineJson.whole(Lookup.snapshot(machine, call.text("snapshot"))))
        .with("ETag", MachineJson.etag(machine).text());
  }

  private Answer take(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    SnapshotId id =
        sessions.changeFor(
            call,
            machine,
            session ->
                inventory.takeSnapshot(
                    session, call.textMember("name"), call.textMember("description")));
    MachineView after = sessions.view(machine.saved().id());
    Snapshot snapshot = Lookup.snapshot(after, id.toString());
    return Answer.created(Paths.of(machine.saved().id(), id), MachineJson.whole(snapshot))
        .with("ETag", MachineJson.etag(after).text());
  }

  private Answer restore(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    SnapshotId id = Lookup.snapshot(machine, call.text("snapshot")).id();
    MachineView after =
        sessions.change(call, machine, session -> inventory.restoreSnapshot(session, id));
    return Answer.done().with("ETag", MachineJson.etag(after).text());
  }

  /** The session keeps the machine until the work is done. It ends before the job does. */
  private Answer delete(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    SnapshotId id = Lookup.snapshot(machine, call.text("snapshot")).id();
    SessionHandlers.Held held = sessions.hold(call, machine);
    try {
      return JobHandlers.begun(inventory.deleteSnapshot(held.id(), id, () -> release(held)));
    } catch (Throwable e) {
      release(held);
      throw e;
    }
  }

  private static void release(SessionHandlers.Held held) {
    try {
      held.close();
    } catch (ModelException _) {
      // The inventory has ended it by itself.
    }
  }

  private static @Nullable String text(@Nullable SnapshotId id) {
    return id == null ? null : id.toString();
  }
}
