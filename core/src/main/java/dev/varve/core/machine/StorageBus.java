package dev.varve.core.machine;

import static dev.varve.core.medium.DeviceType.DVD;
import static dev.varve.core.medium.DeviceType.FLOPPY;
import static dev.varve.core.medium.DeviceType.HARD_DISK;

import dev.varve.core.medium.DeviceType;
import java.util.Set;

/** A kind of storage controller, and what it allows. Immutable. */
public enum StorageBus {
  IDE("IDE", 2, 2, 2, 2, Set.of(HARD_DISK, DVD), false, 1, 1, true),
  SATA("SATA", 1, 30, 30, 1, Set.of(HARD_DISK, DVD), true, 1, 8, false),
  SCSI("SCSI", 16, 16, 16, 1, Set.of(HARD_DISK, DVD), false, 1, 8, false),
  SAS("SAS", 1, 255, 8, 1, Set.of(HARD_DISK, DVD), false, 1, 8, false),
  USB("USB", 8, 8, 8, 1, Set.of(HARD_DISK, DVD), true, 1, 1, false),
  PCIE("PCIe", 1, 255, 1, 1, Set.of(HARD_DISK), false, 1, 8, false),
  VIRTIO_SCSI("VirtioSCSI", 1, 256, 1, 1, Set.of(HARD_DISK, DVD), false, 1, 8, false),
  FLOPPY_BUS("Floppy", 1, 1, 1, 2, Set.of(FLOPPY), false, 1, 1, true);

  private final String text;
  private final int minPorts;
  private final int maxPorts;
  private final int portsAtCreation;
  private final int devicesPerPort;
  private final Set<DeviceType> deviceTypes;
  private final boolean hotPlug;
  private final int maxPerPiix3;
  private final int maxPerIch9;
  private final boolean hostIoCache;

  StorageBus(
      String text,
      int minPorts,
      int maxPorts,
      int portsAtCreation,
      int devicesPerPort,
      Set<DeviceType> deviceTypes,
      boolean hotPlug,
      int maxPerPiix3,
      int maxPerIch9,
      boolean hostIoCache) {
    this.text = text;
    this.minPorts = minPorts;
    this.maxPorts = maxPorts;
    this.portsAtCreation = portsAtCreation;
    this.devicesPerPort = devicesPerPort;
    this.deviceTypes = deviceTypes;
    this.hotPlug = hotPlug;
    this.maxPerPiix3 = maxPerPiix3;
    this.maxPerIch9 = maxPerIch9;
    this.hostIoCache = hostIoCache;
  }

  /** The name in JSON and on the command line. */
  public String text() {
    return text;
  }

  public int minPorts() {
    return minPorts;
  }

  public int maxPorts() {
    return maxPorts;
  }

  /** How many ports a new controller has. */
  public int portsAtCreation() {
    return portsAtCreation;
  }

  public int devicesPerPort() {
    return devicesPerPort;
  }

  /** What can sit in its slots. */
  public Set<DeviceType> deviceTypes() {
    return deviceTypes;
  }

  /** Whether devices can come and go while the machine runs. */
  public boolean hotPlug() {
    return hotPlug;
  }

  /** How many controllers of this bus a machine with the PIIX3 chipset, the usual one, can have. */
  public int maxPerPiix3() {
    return maxPerPiix3;
  }

  /** The same for the ICH9 chipset. */
  public int maxPerIch9() {
    return maxPerIch9;
  }

  /** Whether a new controller uses the host's I/O cache. */
  public boolean hostIoCache() {
    return hostIoCache;
  }
}
