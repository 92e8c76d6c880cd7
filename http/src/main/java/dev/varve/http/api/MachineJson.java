package dev.varve.http.api;

import dev.varve.core.inventory.Hold;
import dev.varve.core.inventory.Run;
import dev.varve.core.inventory.ServedDisks;
import dev.varve.core.inventory.ServedDisks.DiskLoad;
import dev.varve.core.inventory.Session;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.MediumId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Machines and what belongs to them, as JSON. */
final class MachineJson {

  private static final Comparator<Slot> BY_SLOT =
      Comparator.comparing(Slot::controller)
          .thenComparingInt(Slot::port)
          .thenComparingInt(Slot::device);

  private MachineJson() {}

  /** Covers both copies and the snapshots, not locks. */
  static ETag etag(MachineView view) {
    return ETag.of(
        whole(view, view.saved().hardware())
            .put("working", of(view.working()))
            .put("lock", null)
            .put("modified", null));
  }

  static JsonObject summary(MachineView view) {
    return new JsonObject()
        .put("id", view.saved().id().toString())
        .put("name", view.saved().name())
        .put("settingsFile", view.saved().settingsFile().toString())
        .put("state", view.state().text())
        .put("run", of(view.run()))
        .put("lock", text(view.lock()))
        .put("modified", view.modified())
        .put("encrypted", view.encrypted());
  }

  /**
   * @param hardware the copy that is asked for
   */
  static JsonObject whole(MachineView view, Hardware hardware) {
    Machine machine = view.saved();
    return summary(view)
        .put("snapshotFolder", machine.snapshotPath().toString())
        .put("stateFile", stateFile(machine))
        .put("chipset", machine.chipset())
        .put("hardware", of(hardware))
        .put("snapshots", JsonParts.array(machine.snapshots(), MachineJson::summary))
        .put("currentSnapshot", text(machine.currentSnapshot()))
        .put("currentStateModified", machine.currentStateModified())
        .put("lastStateChange", machine.lastStateChange().toString());
  }

  private static @Nullable JsonObject of(@Nullable Run run) {
    if (run == null) return null;
    return new JsonObject()
        .put("readOnly", run.readOnly())
        .put(
            "without",
            JsonParts.array(run.without().stream().sorted(BY_SLOT).toList(), JsonParts::of))
        .put(
            "unserved",
            JsonParts.array(run.unserved().stream().sorted().toList(), MediumId::toString));
  }

  /** Absolute; as the settings file names it if no file here can have that name. */
  private static @Nullable String stateFile(Machine machine) {
    Path file = machine.statePath(machine.stateFile());
    return file == null ? machine.stateFile() : file.toString();
  }

  static JsonObject of(Hardware hardware) {
    return new JsonObject()
        .put("controllers", JsonParts.array(hardware.controllers(), MachineJson::of))
        .put("attachments", JsonParts.array(hardware.attachments(), MachineJson::of))
        .put(
            "bandwidthGroups",
            JsonParts.array(hardware.bandwidthGroups(), group -> of(group, hardware)));
  }

  static JsonObject of(StorageController controller) {
    return new JsonObject()
        .put("name", controller.name())
        .put("bus", controller.bus().text())
        .put("type", controller.type().text())
        .put("portCount", controller.portCount())
        .put("instance", controller.instance())
        .put("bootable", controller.bootable())
        .put("useHostIoCache", controller.useHostIoCache())
        .put("devicesPerPort", controller.bus().devicesPerPort())
        .put("hotPlug", controller.bus().hotPlug());
  }

  static JsonObject of(Attachment attachment) {
    return JsonParts.of(attachment.slot())
        .put("type", attachment.type().text())
        .put("medium", text(attachment.medium()))
        .put("passthrough", attachment.passthrough())
        .put("temporaryEject", attachment.temporaryEject())
        .put("ejected", attachment.ejected())
        .put("nonRotational", attachment.nonRotational())
        .put("discard", attachment.discard())
        .put("hotPluggable", attachment.hotPluggable())
        .put("bandwidthGroup", attachment.bandwidthGroup())
        .put("implicit", attachment.implicit());
  }

  static JsonObject of(BandwidthGroup group, Hardware hardware) {
    return of(group, attachments(group, hardware));
  }

  /** How many attachments are in the group. */
  static long attachments(BandwidthGroup group, Hardware hardware) {
    return hardware.attachments().stream()
        .filter(attachment -> group.name().equals(attachment.bandwidthGroup()))
        .count();
  }

  static JsonObject of(BandwidthGroup group, long attachments) {
    return new JsonObject()
        .put("name", group.name())
        .put("kind", group.kind().text())
        .mergeIn(LimitsJson.of(group.limits()))
        .put("attachments", attachments);
  }

  static JsonObject summary(Snapshot snapshot) {
    return new JsonObject()
        .put("id", snapshot.id().toString())
        .put("name", snapshot.name())
        .put("description", snapshot.description())
        .put("takenAt", snapshot.takenAt().toString())
        .put("parent", text(snapshot.parent()))
        .put("stateFile", snapshot.stateFile());
  }

  static JsonObject whole(Snapshot snapshot) {
    return summary(snapshot).put("hardware", of(snapshot.hardware()));
  }

  static JsonObject of(Session session) {
    return new JsonObject()
        .put("id", session.id())
        .put("machine", session.machine().toString())
        .put("type", session.type().text())
        .mergeIn(of(session.hold()));
  }

  static JsonObject of(Hold hold) {
    Duration lease = hold.lease();
    return new JsonObject()
        .put("holder", hold.holder())
        .put("since", hold.since().toString())
        .put("leaseSeconds", lease == null ? null : lease.toSeconds())
        .put("expires", text(hold.expires()));
  }

  static JsonObject export(MachineId machine, Slot slot, String name, List<String> uris) {
    return JsonParts.of(slot)
        .put("machine", machine.toString())
        .put("name", name)
        .put("uris", new JsonArray(uris));
  }

  /** The exports of some machines, in the order of their slots; without disks that just ended. */
  static JsonObject exports(Map<MachineId, Map<Slot, List<String>>> uris, ServedDisks disks) {
    var exports = new JsonArray();
    uris.forEach(
        (machine, slots) -> {
          Map<Slot, DiskLoad> loads = disks.loads(machine);
          slots.entrySet().stream()
              .sorted(Map.Entry.comparingByKey(BY_SLOT))
              .forEach(
                  each -> {
                    DiskLoad load = loads.get(each.getKey());
                    if (load != null)
                      exports.add(export(machine, each.getKey(), load.export(), each.getValue()));
                  });
        });
    return new JsonObject().put("exports", exports);
  }

  private static @Nullable String text(@Nullable LockType lock) {
    return lock == null ? null : lock.text();
  }

  private static @Nullable String text(@Nullable Object id) {
    return id == null ? null : id.toString();
  }
}
