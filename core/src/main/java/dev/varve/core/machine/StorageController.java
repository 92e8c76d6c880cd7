package dev.varve.core.machine;

/**
 * A storage controller of a machine. Immutable.
 *
 * @param name unique in the machine; attachments refer to it
 * @param portCount within the limits of the bus
 * @param instance counts the controllers of one bus from 0
 */
public record StorageController(
    String name,
    ControllerType type,
    int portCount,
    int instance,
    boolean bootable,
    boolean useHostIoCache) {

  public StorageController {
    if (portCount < type.bus().minPorts() || portCount > type.bus().maxPorts())
      throw new IllegalArgumentException(
          "a %s controller has %d to %d ports; %d were asked for"
              .formatted(
                  type.bus().text(), type.bus().minPorts(), type.bus().maxPorts(), portCount));
  }

  public StorageBus bus() {
    return type.bus();
  }

  /** The same by another name. */
  public StorageController withName(String name) {
    return new StorageController(name, type, portCount, instance, bootable, useHostIoCache);
  }

  /** The same as another chip of the same bus. */
  public StorageController withType(ControllerType type) {
    return new StorageController(name, type, portCount, instance, bootable, useHostIoCache);
  }

  /** The same with another number of ports. */
  public StorageController withPortCount(int portCount) {
    return new StorageController(name, type, portCount, instance, bootable, useHostIoCache);
  }

  /** The same, for booting or not. */
  public StorageController withBootable(boolean bootable) {
    return new StorageController(name, type, portCount, instance, bootable, useHostIoCache);
  }

  /** The same, with the host's I/O cache or without. */
  public StorageController withUseHostIoCache(boolean useHostIoCache) {
    return new StorageController(name, type, portCount, instance, bootable, useHostIoCache);
  }
}
