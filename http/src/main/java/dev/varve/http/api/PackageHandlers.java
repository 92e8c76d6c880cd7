package dev.varve.http.api;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.machine.SnapshotId;
import dev.varve.io.ova.Packages;

/** Answers requests to import machines from packages and to export them to some. */
final class PackageHandlers {

  private final Inventory inventory;
  private final Packages packages;

  PackageHandlers(Inventory inventory, Packages packages) {
    this.inventory = inventory;
    this.packages = packages;
  }

  void addTo(Handlers handlers) {
    handlers.onChangeThread("importMachine", this::importMachine);
    handlers.onChangeThread("exportMachine", this::exportMachine);
  }

  private Answer importMachine(Call call) {
    return JobHandlers.begun(
        inventory.importMachine(
            packages.from(call.pathMember("file")),
            call.textOrNull("name"),
            call.flagMember("keepFormat")));
  }

  private Answer exportMachine(Call call) {
    MachineView machine = Lookup.machine(inventory, call);
    String snapshot = call.textOrNull("snapshot");
    SnapshotId id = snapshot == null ? null : Lookup.snapshot(machine, snapshot).id();
    return JobHandlers.begun(
        inventory.exportMachine(
            machine.saved().id(),
            id,
            packages.to(
                call.pathMember("file"), call.flagMember("replace"), call.flagMember("manifest"))));
  }
}
