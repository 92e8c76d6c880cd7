package dev.varve.http.api;

import dev.varve.core.inventory.Blocker;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import io.vertx.core.json.JsonObject;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request that removes what stands in the way of another one, so that a program can offer it.
 * Immutable.
 *
 * @param operation its id in the document
 * @param parameters those of path and query
 * @param body null if it has none
 * @param label what it does, for a button
 */
record WayOut(String operation, JsonObject parameters, @Nullable JsonObject body, String label) {

  WayOut(String operation, JsonObject parameters, String label) {
    this(operation, parameters, null, label);
  }

  /** The ways around a blocker. */
  static List<WayOut> of(Blocker blocker) {
    return switch (blocker) {
      case Blocker.Running it ->
          List.of(
              new WayOut("powerDownMachine", of(it.machine()), "Power down " + quoted(it.name())));
      case Blocker.NotRunning it ->
          List.of(new WayOut("startMachine", of(it.machine()), "Start " + quoted(it.name())));
      case Blocker.SavedMemory it ->
          List.of(
              new WayOut(
                  "discardSavedState",
                  of(it.machine()),
                  "Discard the saved memory of " + quoted(it.name())));
      case Blocker.Held it -> ofSession(it);
      case Blocker.Locked it ->
          List.of(
              new WayOut(
                  "abandonLock",
                  new JsonObject().put("lock", it.lock()),
                  "Release the lock of " + it.holder()));
      case Blocker.Attached it ->
          List.of(
              new WayOut(
                  "detach",
                  of(it.machine(), it.slot()),
                  "Detach %s of %s".formatted(it.slot(), quoted(it.name()))));
      case Blocker.Snapshot it ->
          List.of(
              new WayOut(
                  "deleteSnapshot",
                  of(it.machine()).put("snapshot", it.snapshot().toString()),
                  "Delete the snapshot %s of %s"
                      .formatted(quoted(it.snapshotName()), quoted(it.name()))));
      case Blocker.Child it ->
          List.of(
              new WayOut(
                  "mergeMedium",
                  new JsonObject().put("medium", it.medium().toString()),
                  new JsonObject().put("target", it.parent().toString()),
                  "Merge %s into %s".formatted(quoted(it.name()), quoted(it.parentName()))));
      case Blocker.Unserved it ->
          List.of(
              new WayOut(
                  "startMachine",
                  of(it.machine()),
                  new JsonObject().put("without", JsonParts.array(it.slots(), JsonParts::of)),
                  "Start %s without %s"
                      .formatted(
                          quoted(it.name()),
                          String.join(", ", it.slots().stream().map(Slot::toString).toList()))));
      case Blocker.Limited it ->
          List.of(
              new WayOut(
                  "changeAttachment",
                  of(it.machine(), it.slot()),
                  new JsonObject().putNull("bandwidthGroup"),
                  "Take %s of %s out of the group %s"
                      .formatted(it.slot(), quoted(it.name()), quoted(it.group()))));
    };
  }

  private static List<WayOut> ofSession(Blocker.Held it) {
    var session = new JsonObject().put("session", it.session());
    String whose = "the session of %s on %s".formatted(it.holder(), quoted(it.name()));
    if (!it.unsaved()) return List.of(new WayOut("unlockMachine", session, "End " + whose));
    return List.of(
        new WayOut("saveSession", session, "Save the changes of " + whose),
        new WayOut("unlockMachine", session, "End %s, without its changes".formatted(whose)));
  }

  private static JsonObject of(MachineId machine) {
    return new JsonObject().put("machine", machine.toString());
  }

  private static JsonObject of(MachineId machine, Slot slot) {
    return of(machine).mergeIn(JsonParts.of(slot));
  }

  private static String quoted(String name) {
    return "'" + name + "'";
  }

  JsonObject json() {
    JsonObject json =
        new JsonObject()
            .put("operation", operation)
            .put("parameters", parameters)
            .put("label", label);
    return body == null ? json : json.put("body", body);
  }
}
