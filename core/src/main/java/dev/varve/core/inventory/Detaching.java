package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.MediumId;
import java.util.List;

/**
 * Taking a device out of its slot.
 *
 * <p>An image leaves a drive at once. A hard disk stays in use until the settings are saved, so
 * that they can be discarded; one that attaching made since then is deleted with its file.
 */
final class Detaching {

  private Detaching() {}

  static InventoryState detach(InventoryState state, String session, Slot slot) {
    MachineEntry entry = Sessions.stoppedOrRunning(state, session, "detach a device");
    Hardware hardware = entry.working().hardware();
    StorageController controller = HardwareLookup.controller(hardware, slot.controller());
    checkHotPlug(entry, controller, "detach a device");
    Attachment attachment = HardwareLookup.attachment(hardware, slot);
    if (entry.state().isOnline() && !attachment.hotPluggable())
      throw ModelErrors.of(
          VBOX_E_NOT_SUPPORTED,
          "the device at %s is not hot-pluggable; power machine '%s' down first",
          slot,
          entry.name());
    InventoryState now = state.with(entry.with(entry.working().minus(slot)));
    MediumId medium = attachment.medium();
    if (!attachment.implicit() || medium == null) return now;
    boolean ours =
        state.locksOn(medium).stream()
            .allMatch(lock -> lock.token().equals(MediumLock.ofRun(entry.id())));
    if (!ours) MediumLocks.needFree(state, state.medium(medium), "delete what attaching made");
    return now.withoutMedia(List.of(medium));
  }

  /** A running machine changes only where its controller can. */
  static void checkHotPlug(MachineEntry entry, StorageController controller, String doing) {
    if (entry.state().isOnline() && !controller.bus().hotPlug())
      throw Blockers.refusal(
          VBOX_E_INVALID_VM_STATE,
          Blockers.of(entry),
          "cannot %s on controller '%s' while machine '%s' runs: %s cannot plug; power it down, or use SATA or USB",
          doing,
          controller.name(),
          entry.name(),
          controller.bus().text());
  }
}
