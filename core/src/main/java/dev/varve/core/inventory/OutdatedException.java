package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;

/**
 * A machine's settings file would be written, and is not as it was last read. Nothing has been done
 * yet: the file is read again, and the call is made again on what it says.
 */
final class OutdatedException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final transient MachineId machine;

  OutdatedException(MachineId machine) {
    super("the settings file of machine %s has changed".formatted(machine), null, false, false);
    this.machine = machine;
  }

  MachineId machine() {
    return machine;
  }
}
