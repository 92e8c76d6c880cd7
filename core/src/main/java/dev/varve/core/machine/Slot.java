package dev.varve.core.machine;

/**
 * A place for a device. Immutable.
 *
 * <p>People write and read it in one form everywhere: {@code SATA:0}, and {@code IDE:1.1} where the
 * device is not 0. The command line also takes {@code SATA:0.0}. Names of exports keep a form of
 * their own, {@code MACHINE/SATA/0/0}: clients depend on them, and slashes divide the parts of a
 * path.
 *
 * @param controller by name
 * @param port from 0; on IDE the channel
 * @param device from 0; on IDE 0 is the master and 1 the slave
 */
public record Slot(String controller, int port, int device) {
  /** As people write it: without the device if that is 0. */
  @Override
  public String toString() {
    String place = controller + ":" + port;
    return device == 0 ? place : place + "." + device;
  }
}
