package dev.varve.http.server;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.inventory.Warnings.Kind;
import dev.varve.core.inventory.Warnings.Warning;

/**
 * The warnings of machines that should have started with the server. Each is shown until the
 * machine runs. Thread-safe; nothing blocks.
 */
public final class StartWarnings {

  private final Inventory inventory;

  StartWarnings(Inventory inventory) {
    this.inventory = inventory;
  }

  /**
   * A machine has not started.
   *
   * @param machine as the user names it
   * @param why in words, with what to do
   */
  public void raise(String machine, String why) {
    inventory
        .warnings()
        .raise(
            Kind.NOT_STARTED,
            machine,
            "machine '%s' has not started with the server: %s".formatted(machine, why));
  }

  /** Removes those of machines that run by now. */
  void tend() {
    for (Warning warning : inventory.warnings().all()) {
      if (warning.kind() != Kind.NOT_STARTED) continue;
      boolean runs =
          inventory.view().machines().values().stream()
              .anyMatch(machine -> machine.run() != null && isNamed(machine, warning.subject()));
      if (runs) inventory.warnings().clear(Kind.NOT_STARTED, warning.subject());
    }
  }

  private static boolean isNamed(MachineView machine, String name) {
    return machine.saved().name().equals(name)
        || machine.saved().id().toString().equalsIgnoreCase(name)
        || machine.saved().settingsFile().toString().equals(name);
  }
}
