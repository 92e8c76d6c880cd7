package dev.varve.core.settings;

import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.xml.XmlElement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The elements {@code Snapshot} of a machine, each inside its parent, while they are changed. */
final class SnapshotTree {

  private static final String SNAPSHOT = "Snapshot";
  private static final String SNAPSHOTS = "Snapshots";

  /** What a new snapshot copies of the machine, in VirtualBox's order. */
  private static final List<String> COPIED =
      List.of("Hardware", "StorageControllers", "Debugging", "Autostart", "Recording", "Platform");

  private final XmlElement machine;
  private final HardwareElement hardware;
  private final Map<SnapshotId, XmlElement> present = new HashMap<>();

  SnapshotTree(XmlElement machine, HardwareElement hardware) throws SettingsException {
    this.machine = machine;
    this.hardware = hardware;
    collect(machine);
  }

  private void collect(XmlElement parent) throws SettingsException {
    for (XmlElement element : parent.elements(SNAPSHOT)) {
      present.put(new SnapshotId(Values.uuid(element, "uuid")), element);
      XmlElement children = element.child(SNAPSHOTS);
      if (children != null) collect(children);
    }
  }

  /**
   * Makes them say what {@code wanted} says. To be called while the machine's hardware still is as
   * the file had it: new snapshots copy it.
   */
  void write(List<Snapshot> wanted) throws SettingsException {
    Map<@Nullable SnapshotId, List<Snapshot>> children = new HashMap<>();
    for (Snapshot snapshot : wanted)
      children.computeIfAbsent(snapshot.parent(), _ -> new ArrayList<>()).add(snapshot);
    if (children.getOrDefault(null, List.of()).size() > 1)
      throw new IllegalArgumentException("a settings file has one first snapshot");
    writeAll(machine, null, children);
  }

  private void writeAll(
      XmlElement place,
      @Nullable SnapshotId parent,
      Map<@Nullable SnapshotId, List<Snapshot>> children)
      throws SettingsException {
    List<Snapshot> here = children.getOrDefault(parent, List.of());
    List<XmlElement> elements = new ArrayList<>();
    for (Snapshot snapshot : here) {
      XmlElement element = present.get(snapshot.id());
      if (element == null) {
        element = machine.newElement(SNAPSHOT);
        MachineFile.fields(snapshot).writeTo(element);
      } else {
        Snapshot before = MachineFile.header(element);
        MachineFile.fields(snapshot).writeTo(element, MachineFile.fields(before));
      }
      elements.add(element);
    }
    place.arrange(SNAPSHOT, elements, "Hardware");
    for (int i = 0; i < elements.size(); i++) writeOne(elements.get(i), here.get(i), children);
  }

  private void writeOne(
      XmlElement element, Snapshot snapshot, Map<@Nullable SnapshotId, List<Snapshot>> children)
      throws SettingsException {
    DescriptionElement.writeDescription(element, snapshot.description(), "Hardware", SNAPSHOTS);
    if (!present.containsKey(snapshot.id()))
      for (String part : COPIED) {
        XmlElement current = machine.child(part);
        if (current != null) element.add(current.copy());
      }
    hardware.write(element, snapshot.hardware());
    XmlElement list = element.child(SNAPSHOTS);
    if (list == null && children.containsKey(snapshot.id())) list = element.require(SNAPSHOTS);
    if (list == null) return;
    writeAll(list, snapshot.id(), children);
    if (list.elements(SNAPSHOT).isEmpty()) list.detach();
  }
}
