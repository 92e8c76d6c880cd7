package dev.varve.core.settings;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Names;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.xml.XmlElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The storage in an element {@code Hardware}, of a machine or a snapshot: bandwidth groups,
 * controllers, and what is attached to them. Not thread-safe.
 */
final class HardwareElement {

  private static final String HARDWARE = "Hardware";
  private static final String CONTROLLERS = "StorageControllers";
  private static final String CONTROLLER = "StorageController";
  private static final String DEVICE = "AttachedDevice";
  private static final String GROUPS = "BandwidthGroups";
  private static final String GROUP = "BandwidthGroup";
  private static final String BYTES = "maxBytesPerSec";
  private static final String MEBIBYTES = "maxMbPerSec";
  private static final long MEBIBYTE = 1 << 20;
  private static final String IMAGE = "Image";
  private static final String HOST_DRIVE = "HostDrive";

  /** What VirtualBox takes for a controller whose ports are not said and can be chosen. */
  private static final int USUAL_PORTS = 2;

  private final MediaOfMachine media;
  private final SettingsVersion version;

  /**
   * @param version of the file
   */
  HardwareElement(MediaOfMachine media, SettingsVersion version) {
    this.media = media;
    this.version = version;
  }

  // ---- reading

  /**
   * The storage of a machine or snapshot.
   *
   * @param owner the element {@code Machine} or {@code Snapshot}
   */
  Hardware read(XmlElement owner) throws SettingsException {
    XmlElement hardware = Values.only(owner, HARDWARE);
    if (hardware == null)
      throw SettingsException.at(owner, "the element Hardware is missing; add it");
    List<BandwidthGroup> groups = new ArrayList<>();
    for (XmlElement element : groups(hardware)) groups.add(group(element, groups));
    List<StorageController> controllers = new ArrayList<>();
    List<Attachment> attachments = new ArrayList<>();
    XmlElement list = controllers(owner);
    if (list != null) {
      Set<String> groupNames =
          groups.stream().map(BandwidthGroup::name).collect(Collectors.toSet());
      Set<MediumId> disks = new HashSet<>();
      for (XmlElement element : list.elements(CONTROLLER)) {
        StorageController controller = controller(element);
        if (controllers.stream().anyMatch(c -> c.name().equals(controller.name())))
          throw Values.refuse(element, "name", "is the name of two controllers; rename one");
        controllers.add(controller);
        Set<Slot> taken = new HashSet<>();
        for (XmlElement device : element.elements(DEVICE)) {
          Attachment attachment = attachment(device, controller);
          check(device, attachment, taken, groupNames);
          MediumId medium = attachment.medium();
          if (attachment.type() == DeviceType.HARD_DISK && medium != null && !disks.add(medium))
            throw SettingsException.at(
                device, "hard disk %s is attached twice; a disk has one slot".formatted(medium));
          attachments.add(attachment);
        }
      }
    }
    return new Hardware(controllers, attachments, groups);
  }

  /**
   * In the hardware, or in old files behind it; VirtualBox reads both in files of every version.
   *
   * @throws SettingsException if there are some in both places
   */
  private static @Nullable XmlElement controllers(XmlElement owner) throws SettingsException {
    XmlElement hardware = owner.child(HARDWARE);
    XmlElement inside = hardware == null ? null : Values.only(hardware, CONTROLLERS);
    XmlElement behind = Values.only(owner, CONTROLLERS);
    if (inside == null) return behind;
    if (behind == null || behind.elements(CONTROLLER).isEmpty()) return inside;
    if (inside.elements(CONTROLLER).isEmpty()) return behind;
    throw SettingsException.at(
        behind,
        "there are storage controllers here, and in Hardware too; move them all to Hardware");
  }

  private static List<XmlElement> groups(XmlElement hardware) throws SettingsException {
    XmlElement io = Values.only(hardware, "IO");
    XmlElement list = io == null ? null : Values.only(io, GROUPS);
    return list == null ? List.of() : list.elements(GROUP);
  }

  private static BandwidthGroup group(XmlElement element, List<BandwidthGroup> before)
      throws SettingsException {
    BandwidthGroup group = group(element);
    if (before.stream().anyMatch(g -> g.name().equals(group.name())))
      throw Values.refuse(element, "name", "is the name of two bandwidth groups; rename one");
    return group;
  }

  private static BandwidthGroup group(XmlElement element) throws SettingsException {
    String name = Values.name(element, Names::fault);
    String type = Values.text(element, "type");
    for (BandwidthGroup.Kind kind : BandwidthGroup.Kind.values())
      if (kind.text().equals(type)) return new BandwidthGroup(name, kind, limit(element));
    throw Values.refuse(element, "type", "is no kind of bandwidth group; it is Disk or Network");
  }

  /** Old files count in MiB per second; not said: no limit. */
  private static long limit(XmlElement element) throws SettingsException {
    if (element.attribute(BYTES) == null && element.attribute(MEBIBYTES) != null)
      return Values.number(element, MEBIBYTES, 0, Long.MAX_VALUE / MEBIBYTE) * MEBIBYTE;
    if (element.attribute(BYTES) == null) return 0;
    return Values.number(element, BYTES, 0, Long.MAX_VALUE);
  }

  private static StorageController controller(XmlElement element) throws SettingsException {
    String name = Values.name(element, Names::faultOfPart);
    String text = Values.text(element, "type");
    for (ControllerType type : ControllerType.values())
      if (type.settingsName().equals(text)) {
        StorageBus bus = type.bus();
        int instance =
            element.attribute("Instance") == null
                ? 0
                : Values.integer(element, "Instance", 0, Integer.MAX_VALUE);
        return new StorageController(
            name,
            type,
            portCount(element, bus),
            instance,
            Values.flag(element, "Bootable", true),
            Values.flag(element, "useHostIOCache", true));
      }
    throw Values.refuse(
        element,
        "type",
        "is no type of controller; it is "
            + Arrays.stream(ControllerType.values())
                .map(ControllerType::settingsName)
                .collect(Collectors.joining(", ")));
  }

  /** Not said: enough for what is attached. */
  private static int portCount(XmlElement element, StorageBus bus) throws SettingsException {
    if (element.attribute("PortCount") != null)
      return Values.integer(element, "PortCount", bus.minPorts(), bus.maxPorts());
    int ports = Math.clamp(USUAL_PORTS, bus.minPorts(), bus.maxPorts());
    for (XmlElement device : element.elements(DEVICE))
      ports = Math.max(ports, Values.integer(device, "port", 0, bus.maxPorts() - 1) + 1);
    return ports;
  }

  private Attachment attachment(XmlElement element, StorageController controller)
      throws SettingsException {
    StorageBus bus = controller.bus();
    // Ports behind the count of the controller are the user's to clear: they load.
    var slot =
        new Slot(
            controller.name(),
            Values.integer(element, "port", 0, bus.maxPorts() - 1),
            Values.integer(element, "device", 0, bus.devicesPerPort() - 1));
    DeviceType type = deviceType(element);
    if (!bus.deviceTypes().contains(type))
      throw Values.refuse(
          element,
          "type",
          "cannot sit on a %s controller; attach it elsewhere".formatted(bus.text()));
    XmlElement image = element.child(IMAGE);
    XmlElement drive = element.child(HOST_DRIVE);
    MediumId medium = null;
    if (image != null) medium = media.image(image, type);
    else if (drive != null && type.isRemovable()) medium = media.hostDrive(drive, type);
    if (medium == null && type == DeviceType.HARD_DISK)
      throw SettingsException.at(
          element, "a hard disk without an Image; name its uuid, or remove the device");
    return attachment(element, slot, medium, hotPluggable(controller.type()));
  }

  /** Whether a device is hot-pluggable of which the file says nothing. */
  private boolean hotPluggable(ControllerType type) {
    return !version.savesHotPlug() && type == ControllerType.INTEL_AHCI;
  }

  private static Attachment attachment(
      XmlElement element, Slot slot, @Nullable MediumId medium, boolean hotPluggable)
      throws SettingsException {
    DeviceType type = deviceType(element);
    boolean disk = type == DeviceType.HARD_DISK;
    boolean dvd = type == DeviceType.DVD;
    return new Attachment(
        slot,
        type,
        medium,
        dvd && Values.flag(element, "passthrough", false),
        dvd && Values.flag(element, "tempeject", false),
        false,
        disk && Values.flag(element, "nonrotational", false),
        disk && Values.flag(element, "discard", false),
        Values.flag(element, "hotpluggable", hotPluggable),
        groupName(element),
        false);
  }

  private static @Nullable String groupName(XmlElement element) {
    String name = element.attribute("bandwidthGroup");
    return name == null || name.isEmpty() ? null : name;
  }

  private static DeviceType deviceType(XmlElement element) throws SettingsException {
    String text = Values.text(element, "type");
    for (DeviceType type : DeviceType.values()) if (type.text().equals(text)) return type;
    throw Values.refuse(element, "type", "is no kind of device; it is HardDisk, DVD or Floppy");
  }

  private static void check(
      XmlElement device, Attachment attachment, Set<Slot> taken, Set<String> groups)
      throws SettingsException {
    if (!taken.add(attachment.slot()))
      throw SettingsException.at(
          device,
          "the slot %s is taken already; a slot holds one device".formatted(attachment.slot()));
    if (attachment.bandwidthGroup() != null && !groups.contains(attachment.bandwidthGroup()))
      throw Values.refuse(
          device,
          "bandwidthGroup",
          "is no bandwidth group of this machine; add the group, or remove the attribute");
  }

  // ---- writing

  /** Makes the storage of a machine or snapshot what {@code wanted} says. */
  void write(XmlElement owner, Hardware wanted) throws SettingsException {
    XmlElement hardware = owner.require(HARDWARE);
    writeGroups(hardware, wanted.bandwidthGroups());
    XmlElement list = controllers(owner);
    if (list == null) {
      if (wanted.controllers().isEmpty()) return;
      list =
          version.controllersInHardware()
              ? hardware.require(CONTROLLERS, "CPU")
              : owner.require(CONTROLLERS, "Debugging", "Autostart", "Groups", "Snapshots");
    }
    Map<StorageController, XmlElement> present = matches(list, wanted.controllers());
    List<XmlElement> elements = new ArrayList<>();
    for (StorageController controller : wanted.controllers()) {
      XmlElement element = present.get(controller);
      if (element == null) {
        element = list.newElement(CONTROLLER);
        fields(controller, true).writeTo(element);
      } else {
        fields(controller, false).writeTo(element, fields(controller(element), false));
      }
      elements.add(element);
    }
    list.arrange(CONTROLLER, elements);
    for (int i = 0; i < elements.size(); i++) {
      StorageController controller = wanted.controllers().get(i);
      String name = controller.name();
      writeDevices(
          elements.get(i),
          wanted.attachments().stream().filter(a -> a.slot().controller().equals(name)).toList(),
          hotPluggable(controller.type()));
      // A count that is not said follows from what is attached.
      if (portCount(elements.get(i), controller.bus()) != controller.portCount())
        fields(controller, false).writeTo(elements.get(i));
    }
  }

  private void writeGroups(XmlElement hardware, List<BandwidthGroup> wanted)
      throws SettingsException {
    Map<String, XmlElement> present = new HashMap<>();
    for (XmlElement element : groups(hardware)) present.put(group(element).name(), element);
    if (present.isEmpty() && wanted.isEmpty()) return;
    XmlElement list = hardware.require("IO", CONTROLLERS, "CPU").require(GROUPS);
    List<XmlElement> elements = new ArrayList<>();
    for (BandwidthGroup group : wanted) {
      XmlElement element = present.get(group.name());
      if (element == null) {
        element = list.newElement(GROUP);
        fields(group, inMebibytes(group)).writeTo(element);
      } else {
        writeGroup(element, group, group(element));
      }
      elements.add(element);
    }
    list.arrange(GROUP, elements);
  }

  private void writeGroup(XmlElement element, BandwidthGroup group, BandwidthGroup before)
      throws SettingsException {
    boolean changed = before.maxBytesPerSecond() != group.maxBytesPerSecond();
    boolean mebibytes =
        changed
            ? inMebibytes(group)
            : element.attribute(BYTES) == null && element.attribute(MEBIBYTES) != null;
    fields(group, mebibytes).writeTo(element, fields(before, mebibytes));
    if (changed) element.remove(mebibytes ? BYTES : MEBIBYTES);
  }

  /** Bytes are read in files of every version, where the old unit is too coarse. */
  private boolean inMebibytes(BandwidthGroup group) {
    return !version.limitsInBytes() && group.maxBytesPerSecond() % MEBIBYTE == 0;
  }

  /** The elements of the controllers; one that was renamed is found by its place on its bus. */
  private static Map<StorageController, XmlElement> matches(
      XmlElement list, List<StorageController> wanted) throws SettingsException {
    Map<StorageController, XmlElement> matches = new HashMap<>();
    List<XmlElement> left = new ArrayList<>(list.elements(CONTROLLER));
    for (StorageController controller : wanted)
      for (XmlElement element : left)
        if (controller.name().equals(element.attribute("name"))
            && controller(element).bus() == controller.bus()) {
          matches.put(controller, element);
          left.remove(element);
          break;
        }
    for (StorageController controller : wanted)
      for (XmlElement element : matches.containsKey(controller) ? List.<XmlElement>of() : left) {
        StorageController before = controller(element);
        if (before.bus() == controller.bus() && before.instance() == controller.instance()) {
          matches.put(controller, element);
          left.remove(element);
          break;
        }
      }
    return matches;
  }

  private void writeDevices(XmlElement controller, List<Attachment> wanted, boolean hotPluggable)
      throws SettingsException {
    Map<String, XmlElement> present = new HashMap<>();
    for (XmlElement element : controller.elements(DEVICE))
      present.put(element.attribute("port") + "." + element.attribute("device"), element);
    List<XmlElement> elements = new ArrayList<>();
    for (Attachment attachment : wanted) {
      Slot slot = attachment.slot();
      XmlElement element = present.get(slot.port() + "." + slot.device());
      if (element == null) {
        element = controller.newElement(DEVICE);
        fields(attachment, hotPluggable).writeTo(element);
      } else {
        Attachment before = attachment(element, slot, null, hotPluggable);
        fields(attachment, hotPluggable).writeTo(element, fields(before, hotPluggable));
      }
      elements.add(element);
    }
    controller.arrange(DEVICE, elements);
    for (int i = 0; i < elements.size(); i++) writeMedium(elements.get(i), wanted.get(i));
  }

  private void writeMedium(XmlElement device, Attachment attachment) throws SettingsException {
    List<XmlElement> images = new ArrayList<>();
    List<XmlElement> drives = new ArrayList<>();
    MediumId id = attachment.medium();
    if (id != null) {
      Medium drive = media.hostDrive(id);
      if (drive == null) images.add(image(device, id));
      else drives.add(hostDrive(device, drive));
    }
    device.arrange(IMAGE, images);
    device.arrange(HOST_DRIVE, drives);
  }

  private static XmlElement image(XmlElement device, MediumId id) throws SettingsException {
    XmlElement present = device.child(IMAGE);
    XmlElement element = present == null ? device.newElement(IMAGE) : present;
    if (present == null || !id.uuid().equals(Values.uuid(present, "uuid")))
      new AttributeOrder().with("uuid", Values.text(id.uuid())).writeTo(element);
    return element;
  }

  private XmlElement hostDrive(XmlElement device, Medium drive) throws SettingsException {
    XmlElement present = device.child(HOST_DRIVE);
    XmlElement element = present == null ? device.newElement(HOST_DRIVE) : present;
    if (present == null || !drive.id().equals(media.hostDriveId(present)))
      media.hostDriveFields(drive).writeTo(element);
    return element;
  }

  // ---- the attributes, in VirtualBox's order

  private static AttributeOrder fields(BandwidthGroup group, boolean mebibytes) {
    long limit = group.maxBytesPerSecond();
    return new AttributeOrder()
        .with("name", group.name())
        .with("type", group.kind().text())
        .with(mebibytes ? MEBIBYTES : BYTES, Long.toString(mebibytes ? limit / MEBIBYTE : limit));
  }

  private static AttributeOrder fields(StorageController controller, boolean isNew) {
    AttributeOrder fields =
        new AttributeOrder()
            .with("name", controller.name())
            .with("type", controller.type().settingsName())
            .with("PortCount", Integer.toString(controller.portCount()))
            .with(
                "Instance",
                controller.instance() == 0 ? null : Integer.toString(controller.instance()))
            .with("useHostIOCache", Boolean.toString(controller.useHostIoCache()))
            .with("Bootable", Boolean.toString(controller.bootable()));
    // Which of its ports play IDE drives: VirtualBox's defaults, that nothing of Varve changes.
    if (isNew && controller.type() == ControllerType.INTEL_AHCI)
      fields
          .with("IDE0MasterEmulationPort", "0")
          .with("IDE0SlaveEmulationPort", "1")
          .with("IDE1MasterEmulationPort", "2")
          .with("IDE1SlaveEmulationPort", "3");
    return fields;
  }

  private AttributeOrder fields(Attachment attachment, boolean hotPluggable) {
    boolean saysHotPlug = version.savesHotPlug() || attachment.hotPluggable() != hotPluggable;
    boolean dvd = attachment.type() == DeviceType.DVD;
    return new AttributeOrder()
        .withTrue("nonrotational", attachment.nonRotational())
        .withTrue("discard", attachment.discard())
        .with("passthrough", dvd ? Boolean.toString(attachment.passthrough()) : null)
        .withTrue("tempeject", attachment.temporaryEject())
        .with("type", attachment.type().text())
        .with("hotpluggable", saysHotPlug ? Boolean.toString(attachment.hotPluggable()) : null)
        .with("port", Integer.toString(attachment.slot().port()))
        .with("device", Integer.toString(attachment.slot().device()))
        .with("bandwidthGroup", attachment.bandwidthGroup());
  }
}
