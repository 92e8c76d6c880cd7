package dev.varve.core.machine;

import java.util.Arrays;
import java.util.List;

/**
 * The chip that a controller presents to the guest. The first of a bus is its default. Immutable.
 */
public enum ControllerType {
  PIIX4(StorageBus.IDE, "PIIX4", "PIIX4"),
  PIIX3(StorageBus.IDE, "PIIX3", "PIIX3"),
  ICH6(StorageBus.IDE, "ICH6", "ICH6"),
  INTEL_AHCI(StorageBus.SATA, "IntelAhci", "AHCI"),
  LSI_LOGIC(StorageBus.SCSI, "LsiLogic", "LsiLogic"),
  BUS_LOGIC(StorageBus.SCSI, "BusLogic", "BusLogic"),
  LSI_LOGIC_SAS(StorageBus.SAS, "LsiLogicSas", "LsiLogicSas"),
  USB(StorageBus.USB, "USB", "USB"),
  NVME(StorageBus.PCIE, "NVMe", "NVMe"),
  VIRTIO_SCSI(StorageBus.VIRTIO_SCSI, "VirtioSCSI", "VirtioSCSI"),
  I82078(StorageBus.FLOPPY_BUS, "I82078", "I82078");

  private final StorageBus bus;
  private final String text;
  private final String settingsName;

  ControllerType(StorageBus bus, String text, String settingsName) {
    this.bus = bus;
    this.text = text;
    this.settingsName = settingsName;
  }

  public StorageBus bus() {
    return bus;
  }

  /** The name in JSON and on the command line. */
  public String text() {
    return text;
  }

  /** The name in settings files. */
  public String settingsName() {
    return settingsName;
  }

  /** The types of a bus, default first. */
  public static List<ControllerType> of(StorageBus bus) {
    return Arrays.stream(values()).filter(type -> type.bus == bus).toList();
  }
}
