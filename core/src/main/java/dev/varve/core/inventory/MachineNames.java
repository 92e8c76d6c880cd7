package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Names;

/** The names of machines that come from elsewhere. Any thread. */
final class MachineNames {

  private MachineNames() {}

  /** Refuses a name that a new machine cannot have. */
  static void check(InventoryState state, String name) {
    ModelErrors.checkName("a machine", Names.faultOfPart(name), name);
    if (state.machineNamed(name) != null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_IN_USE, "there is a machine '%s' already; choose another name", name);
  }

  /** The name, or the name with the first number that makes it free, as VirtualBox does it. */
  static String free(InventoryState state, String name) {
    String free = name;
    for (int i = 1; state.machineNamed(free) != null; i++) free = name + " " + i;
    return free;
  }

  /**
   * A machine under its name.
   *
   * @param chosen whether the user has chosen the name; another one gets a number if it is taken
   */
  static Machine named(InventoryState state, Machine machine, boolean chosen) {
    if (chosen) check(state, machine.name());
    return machine.withName(free(state, machine.name()));
  }
}
