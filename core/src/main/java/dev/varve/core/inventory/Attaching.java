package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.machine.StorageController;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import org.jspecify.annotations.Nullable;

/**
 * Putting a device into a slot: directly, or indirectly through a differencing image that is made
 * for it.
 */
final class Attaching {

  private final Resources resources;

  Attaching(Resources resources) {
    this.resources = resources;
  }

  /**
   * @param id null for an empty drive
   */
  InventoryState attach(
      InventoryState state, String session, Slot slot, DeviceType type, @Nullable MediumId id) {
    MachineEntry entry = Sessions.stoppedOrRunning(state, session, "attach a device");
    Hardware hardware = entry.working().hardware();
    StorageController controller = HardwareLookup.controller(hardware, slot.controller());
    Detaching.checkHotPlug(entry, controller, "attach a device");
    checkSlot(hardware, controller, slot);
    checkBus(controller, type);
    boolean hotPluggable = controller.bus() == StorageBus.USB || entry.state().isOnline();
    Attachment device = Attachment.of(slot, type, id, hotPluggable);
    if (id == null) {
      if (type == DeviceType.HARD_DISK)
        throw ModelErrors.of(
            E_INVALIDARG, "a hard disk at %s needs a medium; only drives are empty", slot);
      return attached(state, entry, device);
    }
    Medium medium = state.medium(id);
    Devices.checkFits(medium, type);
    Devices.checkOnlyOnce(entry, medium);
    if (medium.type() == MediumType.MULTI_ATTACH && medium.isGlobal())
      throw ModelErrors.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "'%s' is of type MultiAttach and belongs to no machine; attach it once as Normal first",
          medium.name());
    if (type != DeviceType.HARD_DISK) return attached(state, entry, device);
    return attachHardDisk(state, entry, device, medium);
  }

  private InventoryState attachHardDisk(
      InventoryState state, MachineEntry entry, Attachment device, Medium medium) {
    Attachment before = SmartAttachment.lastSaved(entry, device, medium);
    if (before != null) return attached(state, entry, before);
    checkKept(state, medium);
    EncryptedMedia.refuse(state, medium.id());
    if (!state.needsDifferencing(medium)) {
      if (state.halfMerged().contains(medium.id())) throw NewDiff.halfMerged(medium);
      MediumLocks.needNoJob(state, medium, "attach '%s'".formatted(medium.name()));
      return attached(state, entry, device);
    }
    if (!medium.isDifferencing()) {
      Attachment descendant = SmartAttachment.lastSavedDescendant(state, entry, device, medium);
      if (descendant != null) return attached(state, entry, descendant);
    }
    Medium parent =
        medium.isDifferencing()
            ? medium
            : SmartAttachment.nearestInSnapshots(state, entry, device.slot(), medium);
    return attachNewDiff(state, entry, device, parent);
  }

  /** An image that attaching made elsewhere goes if that is discarded: it cannot be used here. */
  private static void checkKept(InventoryState state, Medium medium) {
    if (state.implicitMedia().contains(medium.id()))
      throw Blockers.refusal(
          VBOX_E_OBJECT_IN_USE,
          state.currentUsers(medium.id()).stream()
              .flatMap(user -> Blockers.sessions(user).stream())
              .toList(),
          "'%s' was made by attaching to machine %s, which is not saved yet; save that first",
          medium.name(),
          InventoryState.names(state.currentUsers(medium.id())));
  }

  private InventoryState attachNewDiff(
      InventoryState state, MachineEntry entry, Attachment device, Medium parent) {
    InventoryState now = resources.inspection().needs(state, state.chain(parent.id()));
    MediumLocks.needReading(
        now, now.chain(parent.id()), "build on '%s'".formatted(parent.name()), null);
    NewDiff.checkParent(now, parent, null);
    NewDiff diff = NewDiff.in(entry.saved(), now, now.medium(parent.id()), resources.newMediumId());
    return attached(
        now.with(diff.medium()), entry, device.withMedium(diff.medium().id()).withImplicit(true));
  }

  private static InventoryState attached(
      InventoryState state, MachineEntry entry, Attachment attachment) {
    // One that comes back may name a group that was deleted meanwhile.
    String group = attachment.bandwidthGroup();
    boolean known = group == null || entry.working().hardware().bandwidthGroup(group) != null;
    Attachment device = known ? attachment : attachment.withBandwidthGroup(null);
    return state.with(entry.with(entry.working().plus(device)));
  }

  private static void checkSlot(Hardware hardware, StorageController controller, Slot slot) {
    int devices = controller.bus().devicesPerPort();
    if (slot.port() < 0
        || slot.port() >= controller.portCount()
        || slot.device() < 0
        || slot.device() >= devices)
      throw ModelErrors.of(
          E_INVALIDARG,
          "controller '%s' has ports 0 to %d with devices 0 to %d; %d.%d was asked for",
          controller.name(),
          controller.portCount() - 1,
          devices - 1,
          slot.port(),
          slot.device());
    Attachment there = hardware.attachment(slot);
    if (there != null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_IN_USE,
          "at %s is a %s already%s; detach it, or choose another slot",
          slot,
          there.type().text(),
          freeSlot(hardware, controller));
  }

  private static String freeSlot(Hardware hardware, StorageController controller) {
    for (int port = 0; port < controller.portCount(); port++)
      for (int device = 0; device < controller.bus().devicesPerPort(); device++)
        if (hardware.attachment(new Slot(controller.name(), port, device)) == null)
          return ", and %d.%d is free".formatted(port, device);
    return ", and no slot of the controller is free";
  }

  private static void checkBus(StorageController controller, DeviceType type) {
    if (!controller.bus().deviceTypes().contains(type))
      throw ModelErrors.of(
          E_INVALIDARG,
          "controller '%s' (%s) takes %s; a %s does not fit",
          controller.name(),
          controller.bus().text(),
          controller.bus().deviceTypes().stream().map(DeviceType::text).sorted().toList(),
          type.text());
  }
}
