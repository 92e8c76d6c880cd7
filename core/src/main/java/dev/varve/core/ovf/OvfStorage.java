package dev.varve.core.ovf;

import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.Names;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.xml.XmlElement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * From a descriptor's items to controllers and what sits in their slots. Used once, by one thread.
 *
 * <p>Two IDE controllers of a descriptor are the two channels of one in VirtualBox. A
 * paravirtualised SCSI controller, which VirtualBox has not, becomes an LsiLogic one.
 */
final class OvfStorage {

  private static final String DISK = "/disk/";

  private final Map<String, OvfDisk> disks;
  private final @Nullable XmlElement virtualBox;
  private final List<Place> places = new ArrayList<>();
  private final List<OvfDrive> drives = new ArrayList<>();
  private final Set<Slot> taken = new HashSet<>();
  private final Set<OvfDisk> attached = new HashSet<>();
  private Map<Place, XmlElement> known = Map.of();

  /** A controller that is being furnished. */
  private static final class Place {
    final String name;
    final ControllerType type;

    /** The descriptor's controllers that it stands for; more than one on IDE only. */
    final List<OvfItem> items = new ArrayList<>();

    int highestPort = -1;

    Place(String name, ControllerType type) {
      this.name = name;
      this.type = type;
    }
  }

  /**
   * @param disks by their ids
   * @param virtualBox what VirtualBox has written for itself; null if nothing
   */
  OvfStorage(Map<String, OvfDisk> disks, @Nullable XmlElement virtualBox) {
    this.disks = disks;
    this.virtualBox = virtualBox;
  }

  void read(List<OvfItem> items) throws OvfException {
    for (OvfItem item : items) {
      ControllerType type = controllerType(item);
      if (type != null) place(type, item).items.add(item);
    }
    for (Place place : places) if (place.type.bus() == StorageBus.IDE) orderChannels(place.items);
    for (OvfItem item : items)
      switch (item.resourceType()) {
        case OvfItem.DISK, OvfItem.LOGICAL_DISK -> addDisk(item);
        case OvfItem.CD, OvfItem.DVD -> addDvd(item);
        case OvfItem.FLOPPY -> addFloppy(item);
        default -> {} // not storage
      }
    for (Place place : places) checkCount(place.type.bus());
    known = knownToVirtualBox();
  }

  // ---- controllers

  /** Null for an item that is no storage controller. */
  private static @Nullable ControllerType controllerType(OvfItem item) throws OvfException {
    String word = item.subType().toLowerCase(Locale.ROOT);
    return switch (item.resourceType()) {
      case OvfItem.IDE ->
          switch (word) {
            case "piix3" -> ControllerType.PIIX3;
            case "ich6" -> ControllerType.ICH6;
            default -> ControllerType.PIIX4;
          };
      case OvfItem.SCSI -> scsi(item, word);
      case OvfItem.OTHER_STORAGE -> other(item, word);
      default -> null;
    };
  }

  private static ControllerType scsi(OvfItem item, String word) throws OvfException {
    return switch (word) {
      case "", "lsilogic", "virtualscsi" -> ControllerType.LSI_LOGIC;
      case "buslogic" -> ControllerType.BUS_LOGIC;
      case "lsilogicsas" -> ControllerType.LSI_LOGIC_SAS;
      case "virtioscsi", "virtio-scsi" -> ControllerType.VIRTIO_SCSI;
      default -> throw unknown(item, "lsilogic, buslogic, lsilogicsas, VirtualSCSI or VirtioSCSI");
    };
  }

  private static ControllerType other(OvfItem item, String word) throws OvfException {
    if (word.isEmpty() || word.contains("ahci") || word.contains("sata"))
      return ControllerType.INTEL_AHCI;
    if (word.contains("nvme")) return ControllerType.NVME;
    if (word.contains("sas")) return ControllerType.LSI_LOGIC_SAS;
    if (word.contains("virtio")) return ControllerType.VIRTIO_SCSI;
    throw unknown(item, "AHCI, NVMe, LsiLogicSas or VirtioSCSI");
  }

  private static OvfException unknown(OvfItem item, String known) {
    return OvfException.at(
        item.element(),
        "ResourceSubType",
        item.subType(),
        "is no storage controller that VirtualBox has; use %s".formatted(known));
  }

  private Place place(ControllerType type, OvfItem item) throws OvfException {
    StorageBus bus = type.bus();
    List<Place> same = places.stream().filter(p -> p.type.bus() == bus).toList();
    if (bus == StorageBus.IDE && !same.isEmpty()) {
      if (same.getFirst().items.size() == bus.maxPorts())
        throw OvfException.at(
            item.element(), "a third IDE controller; VirtualBox has two channels. Remove it");
      return same.getFirst();
    }
    String usual =
        switch (bus) {
          case PCIE -> "NVMe";
          case VIRTIO_SCSI -> "VirtioSCSI";
          case FLOPPY_BUS -> "Floppy";
          case IDE, SATA, SCSI, SAS, USB -> bus.text();
        };
    var place = new Place(same.isEmpty() ? usual : usual + " " + same.size(), type);
    places.add(place);
    return place;
  }

  /** The first channel first, whatever the order of the items. */
  private static void orderChannels(List<OvfItem> items) throws OvfException {
    Map<OvfItem, Integer> address = new LinkedHashMap<>();
    for (OvfItem item : items) address.put(item, item.place("Address"));
    items.sort(Comparator.comparing(address::get));
  }

  private void checkCount(StorageBus bus) throws OvfException {
    long count = places.stream().filter(place -> place.type.bus() == bus).count();
    if (count > bus.maxPerIch9())
      throw new OvfException(
          "the descriptor has %d %s controllers, and a machine of VirtualBox at most %d; attach the disks to fewer"
              .formatted(count, bus.text(), bus.maxPerIch9()));
  }

  // ---- drives

  private void addDisk(OvfItem item) throws OvfException {
    String said = item.hostResource();
    String resource = said == null ? "" : said;
    int at = resource.indexOf(DISK);
    OvfDisk disk = at < 0 ? null : disks.get(resource.substring(at + DISK.length()));
    if (disk == null)
      throw OvfException.at(
          item.element(),
          "HostResource",
          resource,
          "names no disk of DiskSection; it looks like ovf:/disk/ID");
    if (!attached.add(disk))
      throw OvfException.at(
          item.element(), "disk", disk.id(), "is attached twice; a disk has one slot");
    add(item, DeviceType.HARD_DISK, disk, controllerOf(item));
  }

  private void addDvd(OvfItem item) throws OvfException {
    if (item.parent() == null) return; // an empty drive that hangs nowhere
    Place place = controllerOf(item);
    if (place.type.bus().deviceTypes().contains(DeviceType.DVD))
      add(item, DeviceType.DVD, null, place);
  }

  /** VirtualBox and others have no item for the controller of floppy drives. */
  private void addFloppy(OvfItem item) throws OvfException {
    Place floppies =
        places.stream()
            .filter(place -> place.type == ControllerType.I82078)
            .findFirst()
            .orElse(null);
    if (floppies == null) floppies = place(ControllerType.I82078, item);
    add(item, DeviceType.FLOPPY, null, floppies);
  }

  private Place controllerOf(OvfItem item) throws OvfException {
    String parent = item.parent();
    for (Place place : places)
      if (place.items.stream().anyMatch(controller -> controller.id().equals(parent))) return place;
    throw OvfException.at(
        item.element(),
        "Parent",
        parent == null ? "" : parent,
        "is the InstanceID of no storage controller; name the one that the drive hangs on");
  }

  private void add(OvfItem item, DeviceType type, @Nullable OvfDisk disk, Place place)
      throws OvfException {
    if (!place.type.bus().deviceTypes().contains(type))
      throw OvfException.at(
          item.element(),
          "a %s cannot sit on a %s controller; attach it elsewhere"
              .formatted(type.text(), place.type.bus().text()));
    Slot slot = slot(item, place);
    if (!taken.add(slot))
      throw OvfException.at(
          item.element(), "the slot %s is taken already; a slot holds one device".formatted(slot));
    place.highestPort = Math.max(place.highestPort, slot.port());
    drives.add(new OvfDrive(slot, type, disk));
  }

  private Slot slot(OvfItem item, Place place) throws OvfException {
    StorageBus bus = place.type.bus();
    int devices = bus.devicesPerPort();
    int address = item.place("AddressOnParent");
    if (address < 0) return firstFree(item, place);
    boolean channel = bus == StorageBus.IDE && (place.items.size() > 1 || address < devices);
    int base = channel ? channelOf(item, place) * devices : 0;
    int most = channel ? devices : bus.maxPorts() * devices;
    if (address >= most)
      throw OvfException.at(
          item.element(),
          "AddressOnParent",
          String.valueOf(address),
          "is beyond the last place of the %s controller; its places are 0 to %d"
              .formatted(bus.text(), most - 1));
    return slot(place, base + address);
  }

  private static int channelOf(OvfItem item, Place place) throws OvfException {
    for (int i = 0; i < place.items.size(); i++)
      if (place.items.get(i).id().equals(item.parent()))
        return place.items.size() > 1 ? i : Math.clamp(place.items.get(i).place("Address"), 0, 1);
    return 0;
  }

  private Slot firstFree(OvfItem item, Place place) throws OvfException {
    StorageBus bus = place.type.bus();
    for (int i = 0; i < bus.maxPorts() * bus.devicesPerPort(); i++)
      if (!taken.contains(slot(place, i))) return slot(place, i);
    throw OvfException.at(
        item.element(),
        "the %s controller has no place left; attach the drive to another".formatted(bus.text()));
  }

  private static Slot slot(Place place, int number) {
    int devices = place.type.bus().devicesPerPort();
    return new Slot(place.name, number / devices, number % devices);
  }

  // ---- what comes of it

  String chipset() {
    boolean crowded =
        places.stream()
            .anyMatch(
                place ->
                    places.stream().filter(p -> p.type.bus() == place.type.bus()).count()
                        > place.type.bus().maxPerPiix3());
    return crowded ? "ICH9" : "PIIX3";
  }

  List<StorageController> controllers() {
    Map<StorageBus, Integer> counts = new LinkedHashMap<>();
    List<StorageController> controllers = new ArrayList<>();
    for (Place place : places) {
      StorageBus bus = place.type.bus();
      int instance = counts.merge(bus, 1, Integer::sum) - 1;
      controllers.add(
          new StorageController(
              name(place),
              place.type,
              portCount(place, known.get(place)),
              instance,
              instance == 0,
              bus.hostIoCache()));
    }
    return controllers;
  }

  List<OvfDrive> drives() {
    return drives.stream()
        .map(
            drive ->
                new OvfDrive(
                    new Slot(
                        name(place(drive.slot().controller())),
                        drive.slot().port(),
                        drive.slot().device()),
                    drive.type(),
                    drive.disk()))
        .toList();
  }

  private Place place(String name) {
    return places.stream().filter(place -> place.name.equals(name)).findFirst().orElseThrow();
  }

  /** As VirtualBox names it, if it does and the name is good. */
  private String name(Place place) {
    XmlElement element = known.get(place);
    String name = element == null ? null : element.attributeOfAnyPrefix("name");
    if (name == null || Names.faultOfPart(name) != null) return place.name;
    boolean twice =
        places.stream().anyMatch(p -> p != place && p.name.equals(name))
            || known.values().stream()
                    .filter(e -> name.equals(e.attributeOfAnyPrefix("name")))
                    .count()
                > 1;
    return twice ? place.name : name;
  }

  /** VirtualBox's own controllers: those of one type stand in the same order. */
  private Map<Place, XmlElement> knownToVirtualBox() {
    Map<Place, XmlElement> found = new LinkedHashMap<>();
    if (virtualBox == null) return found;
    List<XmlElement> left =
        new ArrayList<>(
            virtualBox.descendants().stream()
                .filter(e -> e.localName().equals("StorageController"))
                .toList());
    for (Place place : places)
      for (XmlElement element : left)
        if (place.type.settingsName().equals(element.attributeOfAnyPrefix("type"))) {
          found.put(place, element);
          left.remove(element);
          break;
        }
    return found;
  }

  private static int portCount(Place place, @Nullable XmlElement element) {
    StorageBus bus = place.type.bus();
    int ports = bus.portsAtCreation();
    String said = element == null ? null : element.attributeOfAnyPrefix("PortCount");
    if (said != null && said.matches("\\d{1,3}")) ports = Integer.parseInt(said);
    return Math.clamp(Math.max(ports, place.highestPort + 1), bus.minPorts(), bus.maxPorts());
  }
}
