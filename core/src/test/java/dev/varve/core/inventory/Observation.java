package dev.varve.core.inventory;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.View.MediumView;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.util.ArrayList;
import java.util.List;

/** What can be seen of an inventory, in the form of the recorded cases. */
final class Observation {

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final View view;
  private final ScenarioNames names;

  Observation(View view, ScenarioNames names) {
    this.view = view;
    this.names = names;
  }

  ObjectNode state() {
    ObjectNode state = JSON.objectNode();
    ObjectNode machines = state.putObject("machines");
    for (MachineView machine : view.machines().values())
      machines.set(machine.saved().name(), machine(machine));
    ObjectNode media = state.putObject("media");
    for (MediumView medium : view.media().values())
      media.set(names.of(medium.medium().id()), medium(medium));
    return state;
  }

  private ObjectNode machine(MachineView machine) {
    ObjectNode json = JSON.objectNode();
    json.set("attachments", attachments(machine.working()));
    json.set("committedAttachments", attachments(machine.saved().hardware()));
    json.put("settingsModified", machine.modified());
    ArrayNode snapshots = json.putArray("snapshots");
    for (Snapshot snapshot : machine.saved().snapshots()) {
      ObjectNode one = snapshots.addObject();
      one.put("name", snapshot.name());
      one.put("parent", snapshot.parent() == null ? null : name(machine, snapshot.parent()));
      one.set("attachments", attachments(snapshot.hardware()));
    }
    SnapshotId current = machine.saved().currentSnapshot();
    json.put("currentSnapshot", current == null ? null : name(machine, current));
    json.put("currentStateModified", machine.saved().currentStateModified() || machine.modified());
    ArrayNode controllers = json.putArray("controllers");
    for (StorageController controller : machine.working().controllers())
      controllers.add(controller(controller));
    ArrayNode groups = json.putArray("bandwidthGroups");
    for (BandwidthGroup group : machine.working().bandwidthGroups()) {
      ObjectNode one = groups.addObject();
      one.put("name", group.name());
      one.put("type", group.kind().text());
      one.put("maxBytesPerSec", group.maxBytesPerSecond());
      one.put(
          "references",
          machine.working().attachments().stream()
              .filter(attachment -> group.name().equals(attachment.bandwidthGroup()))
              .count());
    }
    return json;
  }

  private static String name(MachineView machine, SnapshotId id) {
    Snapshot snapshot = machine.saved().snapshot(id);
    return snapshot == null ? "unknown " + id : snapshot.name();
  }

  private static ObjectNode controller(StorageController controller) {
    ObjectNode json = JSON.objectNode();
    json.put("name", controller.name());
    json.put("bus", controller.bus().text());
    json.put("type", controller.type().text());
    json.put("instance", controller.instance());
    json.put("portCount", controller.portCount());
    json.put("bootable", controller.bootable());
    json.put("useHostIOCache", controller.useHostIoCache());
    return json;
  }

  private ArrayNode attachments(Hardware hardware) {
    ArrayNode json = JSON.arrayNode();
    for (Attachment attachment : hardware.attachments()) json.add(attachment(attachment));
    return json;
  }

  ObjectNode attachment(Attachment attachment) {
    ObjectNode json = JSON.objectNode();
    json.put("controller", attachment.slot().controller());
    json.put("port", attachment.slot().port());
    json.put("device", attachment.slot().device());
    json.put("type", attachment.type().text());
    MediumId medium = attachment.medium();
    json.put("medium", medium == null ? null : names.of(medium));
    if (attachment.type() == DeviceType.HARD_DISK && medium != null) {
      ArrayNode chain = json.putArray("chain");
      for (MediumId id : chain(medium)) chain.add(names.of(id));
    }
    flag(json, "passthrough", attachment.passthrough());
    flag(json, "temporaryEject", attachment.temporaryEject());
    flag(json, "isEjected", attachment.ejected());
    flag(json, "nonRotational", attachment.nonRotational());
    flag(json, "discard", attachment.discard());
    flag(json, "hotPluggable", attachment.hotPluggable());
    if (attachment.bandwidthGroup() != null)
      json.put("bandwidthGroup", attachment.bandwidthGroup());
    return json;
  }

  private static void flag(ObjectNode json, String name, boolean value) {
    if (value) json.put(name, true);
  }

  /** A medium, its parent, and so on. */
  List<MediumId> chain(MediumId top) {
    List<MediumId> chain = new ArrayList<>();
    for (MediumId id = top; id != null; id = view.media().get(id).medium().parent()) chain.add(id);
    return chain;
  }

  private ObjectNode medium(MediumView seen) {
    Medium medium = seen.medium();
    ObjectNode json = JSON.objectNode();
    json.put("device", medium.device().text());
    json.put("format", medium.format().text());
    json.put("mediumType", medium.type().text());
    json.put("parent", medium.parent() == null ? null : names.of(medium.parent()));
    json.put("readOnly", seen.needsDifferencing());
    json.put("state", seen.state().text());
    if (medium.isDifferencing()) {
      json.put("autoReset", medium.autoReset());
      json.put(
          "inSnapshotFolder",
          view.machines().values().stream()
              .anyMatch(m -> medium.location().startsWith(m.saved().snapshotPath())));
    }
    ArrayNode children = json.putArray("children");
    for (MediumId child : seen.children()) children.add(names.of(child));
    ObjectNode usedBy = json.putObject("usedBy");
    seen.uses()
        .forEach(
            (id, use) -> {
              MachineView machine = view.machines().get(id);
              ArrayNode uses = usedBy.putArray(machine.saved().name());
              if (use.current()) uses.add("current");
              for (SnapshotId snapshot : use.snapshots())
                uses.add("snapshot:" + name(machine, snapshot));
            });
    return json;
  }
}
