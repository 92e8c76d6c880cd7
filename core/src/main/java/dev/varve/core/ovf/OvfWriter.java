package dev.varve.core.ovf;

import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.xml.XmlException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes a descriptor (OVF 1.0) in the form in which VirtualBox writes and reads it. The part that
 * only VirtualBox knows is passed on as it is. Used once, by one thread.
 */
public final class OvfWriter {

  /** The format of the disks. */
  public static final String STREAM_OPTIMIZED =
      "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";

  private static final String HEAD =
      """
      <?xml version="1.0"?>
      <Envelope ovf:version="1.0" xml:lang="en-US" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:vbox="http://www.virtualbox.org/ovf/machine" xmlns:vmw="http://www.vmware.com/schema/ovf">
      """;

  private final OvfMachine machine;
  private final OvfText out = new OvfText(HEAD);
  private final Map<String, String> controllers = new HashMap<>();
  private int items;

  private OvfWriter(OvfMachine machine) {
    this.machine = machine;
  }

  /**
   * The descriptor of a machine.
   *
   * @throws XmlException if a name holds a character that XML cannot hold
   */
  public static byte[] write(OvfMachine machine) throws XmlException {
    return new OvfWriter(machine).written().getBytes(StandardCharsets.UTF_8);
  }

  private String written() throws XmlException {
    references();
    out.open("NetworkSection").text("Info", "Logical networks used in the package");
    out.close("NetworkSection");
    out.open("VirtualSystem", "ovf:id", machine.name()).text("Info", "A virtual machine");
    system();
    out.open("VirtualHardwareSection").text("Info", "Virtual hardware requirements");
    family();
    processorsAndMemory();
    for (StorageController controller : machine.controllers()) controller(controller);
    for (OvfDrive drive : machine.drives()) drive(drive);
    // VirtualBox has a place for it in its own part only; this is what others read.
    if (machine.parts().efi())
      out.empty("vmw:Config", "ovf:required", "false", "vmw:key", "firmware", "vmw:value", "efi");
    out.close("VirtualHardwareSection");
    if (!machine.parts().virtualBox().isEmpty()) out.xml(machine.parts().virtualBox());
    out.close("VirtualSystem");
    return out.end("Envelope");
  }

  private void references() throws XmlException {
    out.open("References");
    int number = 0;
    for (OvfDisk disk : machine.disks())
      if (disk.file() != null)
        out.empty("File", "ovf:id", "file" + ++number, "ovf:href", disk.file().href());
    out.close("References");
    out.open("DiskSection").text("Info", "List of the virtual disks used in the package");
    number = 0;
    for (OvfDisk disk : machine.disks()) disk(disk, ++number);
    out.close("DiskSection");
  }

  private void disk(OvfDisk disk, int number) throws XmlException {
    List<String> attributes = new ArrayList<>();
    Collections.addAll(attributes, "ovf:capacity", String.valueOf(disk.capacity()));
    Collections.addAll(attributes, "ovf:diskId", disk.id(), "ovf:fileRef", "file" + number);
    Collections.addAll(attributes, "ovf:format", disk.format());
    if (disk.uuid() != null) // by which VirtualBox finds the disk for its own part
    Collections.addAll(attributes, "vbox:uuid", disk.uuid().toString());
    out.empty("Disk", attributes.toArray(String[]::new));
  }

  private void system() throws XmlException {
    String word = machine.parts().osType();
    out.open("OperatingSystemSection", "ovf:id", String.valueOf(OsTypes.number(word)));
    out.text("Info", "The kind of installed guest operating system");
    out.text("Description", word);
    out.text("vbox:OSType", word, "ovf:required", "false");
    out.close("OperatingSystemSection");
  }

  private void family() throws XmlException {
    out.open("System");
    out.text("vssd:ElementName", "Virtual Hardware Family");
    out.text("vssd:InstanceID", "0");
    out.text("vssd:VirtualSystemIdentifier", machine.name());
    out.text("vssd:VirtualSystemType", "virtualbox-2.2");
    out.close("System");
  }

  private void processorsAndMemory() throws XmlException {
    int processors = machine.parts().processors();
    int memory = machine.parts().memoryMebibytes();
    String count = "%d virtual CPU%s".formatted(processors, processors == 1 ? "" : "s");
    item(
        count,
        "Number of virtual CPUs",
        OvfItem.PROCESSOR,
        Map.of("VirtualQuantity", String.valueOf(processors)));
    item(
        "%d MB of memory".formatted(memory),
        "Memory Size",
        OvfItem.MEMORY,
        Map.of("AllocationUnits", "MegaBytes", "VirtualQuantity", String.valueOf(memory)));
  }

  // ---- controllers

  private void controller(StorageController controller) throws XmlException {
    String name = controller.name();
    switch (controller.type()) {
      case PIIX3, PIIX4, ICH6 -> {
        // In a descriptor each channel is a controller.
        String chip = controller.type().settingsName();
        channel(name, 0, chip);
        channel(name, 1, chip);
      }
      case INTEL_AHCI -> controller(controller, "sata", "SATA", OvfItem.OTHER_STORAGE, "AHCI");
      case LSI_LOGIC -> controller(controller, "scsi", "SCSI", OvfItem.SCSI, "lsilogic");
      case BUS_LOGIC -> controller(controller, "scsi", "SCSI", OvfItem.SCSI, "buslogic");
      case LSI_LOGIC_SAS ->
          controller(controller, "sas", "SAS", OvfItem.OTHER_STORAGE, "LsiLogicSas");
      case NVME -> controller(controller, "nvme", "NVMe", OvfItem.OTHER_STORAGE, "NVMe");
      case VIRTIO_SCSI ->
          controller(controller, "virtioscsi", "VirtioSCSI", OvfItem.OTHER_STORAGE, "VirtioSCSI");
      case I82078, USB -> {} // no item stands for them
    }
  }

  private void controller(
      StorageController controller, String word, String kind, int resourceType, String subType)
      throws XmlException {
    controllers.put(
        controller.name(),
        item(
            word + "Controller" + controller.instance(),
            kind + " Controller",
            resourceType,
            Map.of("Address", String.valueOf(controller.instance()), "ResourceSubType", subType)));
  }

  private void channel(String name, int number, String chip) throws XmlException {
    controllers.put(
        name + "/" + number,
        item(
            "ideController" + number,
            "IDE Controller",
            OvfItem.IDE,
            Map.of("Address", String.valueOf(number), "ResourceSubType", chip)));
  }

  // ---- drives

  private void drive(OvfDrive drive) throws XmlException {
    String parent = parent(drive);
    if (parent == null && drive.type() != DeviceType.FLOPPY) return;
    Map<String, String> fields = new HashMap<>();
    fields.put("AddressOnParent", String.valueOf(address(drive)));
    if (parent != null) fields.put("Parent", parent);
    switch (drive.type()) {
      case HARD_DISK -> {
        OvfDisk disk = drive.disk();
        if (disk == null) return;
        fields.put("HostResource", "ovf:/disk/" + disk.id());
        item("disk" + (machine.disks().indexOf(disk) + 1), "Disk Image", OvfItem.DISK, fields);
      }
      case DVD -> {
        fields.put("AutomaticAllocation", "true");
        item("cdrom" + items, "CD-ROM Drive", OvfItem.CD, fields);
      }
      case FLOPPY -> {
        fields.put("AutomaticAllocation", "false");
        item("floppy" + address(drive), "Floppy Drive", OvfItem.FLOPPY, fields);
      }
    }
  }

  private @Nullable String parent(OvfDrive drive) {
    String name = drive.slot().controller();
    String channel = controllers.get(name + "/" + drive.slot().port());
    return channel == null ? controllers.get(name) : channel;
  }

  private int address(OvfDrive drive) {
    StorageBus bus = bus(drive.slot().controller());
    return bus == StorageBus.IDE || bus == StorageBus.FLOPPY_BUS
        ? drive.slot().device()
        : drive.slot().port();
  }

  private StorageBus bus(String controller) {
    return machine.controllers().stream()
        .filter(c -> c.name().equals(controller))
        .findFirst()
        .orElseThrow()
        .bus();
  }

  /** Writes an item, its fields in the order that the schema has; returns its id. */
  private String item(String name, String description, int resourceType, Map<String, String> fields)
      throws XmlException {
    String id = String.valueOf(++items);
    SortedMap<String, String> all = new TreeMap<>(fields);
    all.put("Caption", name);
    all.put("Description", description);
    all.put("ElementName", name);
    all.put("InstanceID", id);
    all.put("ResourceType", String.valueOf(resourceType));
    out.open("Item");
    for (var field : all.entrySet()) out.text("rasd:" + field.getKey(), field.getValue());
    out.close("Item");
    return id;
  }
}
