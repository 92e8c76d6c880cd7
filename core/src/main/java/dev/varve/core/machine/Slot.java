package dev.varve.core.machine;

/**
 * A place for a device.
 *
 * @param controller by name
 * @param port from 0; on IDE the channel
 * @param device from 0; on IDE 0 is the master and 1 the slave
 */
public record Slot(String controller, int port, int device) {
  @Override
  public String toString() {
    return "%s:%d.%d".formatted(controller, port, device);
  }
}
