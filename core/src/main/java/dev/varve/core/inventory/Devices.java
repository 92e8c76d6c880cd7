package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What can be changed of a device that is attached: its flags, its group, the image in its drive.
 */
final class Devices {

  private Devices() {}

  // ---- flags

  static InventoryState setPassthrough(
      InventoryState state, String session, Slot slot, boolean value) {
    MachineEntry entry = Sessions.stoppedOrRunning(state, session, "change passthrough");
    StorageController controller =
        HardwareLookup.controller(entry.working().hardware(), slot.controller());
    Detaching.checkHotPlug(entry, controller, "change passthrough");
    Attachment attachment = HardwareLookup.attachment(entry.working().hardware(), slot);
    checkKind(attachment, DeviceType.DVD, "passthrough");
    return changed(state, entry, slot, a -> a.withPassthrough(value));
  }

  static InventoryState setTemporaryEject(
      InventoryState state, String session, Slot slot, boolean value) {
    MachineEntry entry = Sessions.anyStable(state, session, "change what an eject does");
    Attachment attachment = HardwareLookup.attachment(entry.working().hardware(), slot);
    checkKind(attachment, DeviceType.DVD, "temporary eject");
    return changed(state, entry, slot, a -> a.withTemporaryEject(value));
  }

  static InventoryState setNonRotational(
      InventoryState state, String session, Slot slot, boolean value) {
    MachineEntry entry = Sessions.stopped(state, session, "change nonRotational");
    Attachment attachment = HardwareLookup.attachment(entry.working().hardware(), slot);
    checkKind(attachment, DeviceType.HARD_DISK, "nonRotational");
    return changed(state, entry, slot, a -> a.withNonRotational(value));
  }

  /** Formats and controllers that cannot discard take the flag too; it then has no effect. */
  static InventoryState setDiscard(InventoryState state, String session, Slot slot, boolean value) {
    MachineEntry entry = Sessions.stopped(state, session, "change discard");
    Attachment attachment = HardwareLookup.attachment(entry.working().hardware(), slot);
    checkKind(attachment, DeviceType.HARD_DISK, "discard");
    return changed(state, entry, slot, a -> a.withDiscard(value));
  }

  /** On USB everything is hot-pluggable and stays so. */
  static InventoryState setHotPluggable(
      InventoryState state, String session, Slot slot, boolean value) {
    MachineEntry entry = Sessions.stopped(state, session, "change hotPluggable");
    Attachment attachment = HardwareLookup.attachment(entry.working().hardware(), slot);
    StorageController controller =
        HardwareLookup.controller(entry.working().hardware(), slot.controller());
    if (!controller.bus().hotPlug())
      throw ModelErrors.of(
          VBOX_E_NOT_SUPPORTED,
          "controller '%s' (%s) cannot plug devices while the machine runs; use SATA or USB",
          controller.name(),
          controller.bus().text());
    if (attachment.type() == DeviceType.FLOPPY)
      throw ModelErrors.of(E_INVALIDARG, "the floppy drive at %s cannot be hot-pluggable", slot);
    if (controller.bus() == StorageBus.USB) return state;
    return changed(state, entry, slot, a -> a.withHotPluggable(value));
  }

  static InventoryState setBandwidthGroup(
      InventoryState state, String session, Slot slot, @Nullable String group) {
    MachineEntry entry = Sessions.stoppedOrSaved(state, session, "change the bandwidth group");
    HardwareLookup.attachment(entry.working().hardware(), slot);
    if (group != null) BandwidthGroups.find(entry.working().hardware(), group);
    return changed(state, entry, slot, a -> a.withBandwidthGroup(group));
  }

  private static void checkKind(Attachment attachment, DeviceType kind, String flag) {
    if (attachment.type() != kind)
      throw ModelErrors.of(
          E_INVALIDARG,
          "%s is for %s devices; at %s is a %s",
          flag,
          kind.text(),
          attachment.slot(),
          attachment.type().text());
  }

  private static InventoryState changed(
      InventoryState state, MachineEntry entry, Slot slot, UnaryOperator<Attachment> change) {
    return state.with(
        entry.with(entry.working().with(a -> a.slot().equals(slot) ? change.apply(a) : a)));
  }

  // ---- the image in a drive

  /**
   * Puts an image into a drive, or takes it out. It is in use, or no longer, at once.
   *
   * @param medium null to unmount
   */
  static InventoryState mount(
      InventoryState state, String session, Slot slot, @Nullable MediumId medium) {
    MachineEntry entry = Sessions.stoppedOrRunning(state, session, "change the image in a drive");
    Attachment drive = HardwareLookup.attachment(entry.working().hardware(), slot);
    if (Objects.equals(medium, drive.medium())) return state;
    if (!drive.type().isRemovable())
      throw ModelErrors.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "at %s is a hard disk, and only DVD and floppy drives change their media; detach it instead",
          slot);
    if (medium != null) {
      Medium image = state.medium(medium);
      checkFits(image, drive.type());
      checkOnlyOnce(entry, image);
    }
    return changed(state, entry, slot, a -> a.withMedium(medium).withEjected(false));
  }

  /** A medium goes into drives of its own kind. */
  static void checkFits(Medium medium, DeviceType drive) {
    if (medium.device() != drive)
      throw ModelErrors.of(
          E_INVALIDARG,
          "'%s' is a %s medium and does not fit a %s device",
          medium.name(),
          medium.device().text(),
          drive.text());
  }

  /** Only images that are never written can sit in several drives of one machine. */
  static void checkOnlyOnce(MachineEntry entry, Medium medium) {
    if (medium.device() == DeviceType.DVD && medium.type() == MediumType.READONLY) return;
    if (entry.working().attaches(medium.id()))
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          Blockers.attachments(entry, medium.id()),
          "'%s' is attached to machine '%s' already; detach it first",
          medium.name(),
          entry.name());
  }

  /** The guest has opened the tray: the image goes out, unless an eject is temporary. */
  static InventoryState guestEject(InventoryState state, MachineId machine, Slot slot) {
    MachineEntry entry = Sessions.writable(state.machine(machine), "open a tray");
    if (!entry.state().isOnline() && entry.sessions().isEmpty())
      throw Blockers.refusal(
          VBOX_E_INVALID_VM_STATE,
          List.of(new Blocker.NotRunning(entry.id(), entry.name())),
          "machine '%s' is not running: no guest can open a tray",
          entry.name());
    Attachment drive = HardwareLookup.attachment(entry.working().hardware(), slot);
    if (drive.type() != DeviceType.DVD)
      throw ModelErrors.of(
          E_INVALIDARG, "at %s is no DVD drive, and nothing else has a tray", slot);
    WorkingCopy open =
        entry
            .working()
            .with(
                a -> {
                  if (!a.slot().equals(slot)) return a;
                  return (a.temporaryEject() ? a : a.withMedium(null)).withEjected(true);
                });
    // An open tray is not saved, so that alone is no change of the settings.
    if (drive.temporaryEject())
      open =
          new WorkingCopy(
              open.hardware(), open.backup(), open.detached(), entry.working().modified());
    return state.with(entry.with(open));
  }
}
