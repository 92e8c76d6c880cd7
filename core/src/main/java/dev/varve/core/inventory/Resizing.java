package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_FILE_ERROR;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_IN_USE;

import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.DiskSize;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.util.List;

/**
 * Makes hard disks larger. Settings files do not say how large a disk is, so only its image
 * changes, and needs no journal: a crash leaves the old size or the new one. Called with the lock
 * of the inventory's state; blocks.
 */
final class Resizing {

  private final Resources resources;

  Resizing(Resources resources) {
    this.resources = resources;
  }

  /** The state with the medium as large as {@code capacity}, as its file is then. */
  InventoryState resize(InventoryState state, MediumId id, long capacity) {
    Medium medium = state.medium(id);
    checkKind(state, medium, capacity);
    checkUses(state, medium);
    String doing = doing(medium);
    MediumLocks.needFree(state, medium, doing);
    MediumLocks.needReading(state, state.chain(id), doing, null);
    state = lookedAt(state, id);
    List<Medium> chain = state.chain(id);
    String why = DiskSize.whyNot(state.medium(id).capacity(), capacity);
    if (why != null) throw refusal(VBOX_E_NOT_SUPPORTED, medium, why);
    grow(ImageChain.of(chain.reversed()), doing, capacity);
    return state.with(resources.inspection().look(medium));
  }

  private static String doing(Medium medium) {
    return "resize '%s'".formatted(medium.name());
  }

  private static ModelException refusal(ErrorCode code, Medium medium, String why) {
    return refusal(code, medium, List.of(), why);
  }

  private static ModelException refusal(
      ErrorCode code, Medium medium, List<Blocker> blockers, String why) {
    return Blockers.refusal(code, blockers, "cannot %s: %s", doing(medium), why);
  }

  private static void checkKind(InventoryState state, Medium medium, long capacity) {
    if (medium.device() != DeviceType.HARD_DISK)
      throw refusal(
          VBOX_E_NOT_SUPPORTED,
          medium,
          medium.isHostDrive()
              ? "it is a drive of the host, and its disc has the size that it has"
              : "it is a %s image, and only hard disks can be resized"
                  .formatted(medium.device().text()));
    if (capacity <= 0)
      throw refusal(E_INVALIDARG, medium, "a disk of %d bytes holds nothing".formatted(capacity));
    for (Medium image : state.chain(medium.id()))
      if (state.halfMerged().contains(image.id())) throw NewDiff.halfMerged(image);
    EncryptedMedia.refuse(state, medium.id());
  }

  /** What a child, a snapshot or a saved memory knows of the disk must stay true. */
  private static void checkUses(InventoryState state, Medium medium) {
    MediumId id = medium.id();
    if (!state.children(id).isEmpty())
      throw refusal(
          VBOX_E_OBJECT_IN_USE,
          medium,
          Blockers.children(state, medium),
          "%s, and would have to grow too; resize the image on top of the disk instead, or first merge or delete what builds on this one"
              .formatted(state.whatBuildsOn(medium)));
    if (state.uses(id).values().stream().anyMatch(use -> !use.snapshots().isEmpty()))
      throw refusal(
          VBOX_E_OBJECT_IN_USE,
          medium,
          Blockers.uses(state, id).stream().filter(Blocker.Snapshot.class::isInstance).toList(),
          "a snapshot keeps it as it is: it is used by %s; delete the snapshots, or copy the disk with 'varve medium clone'"
              .formatted(state.users(state.uses(id))));
    if (state.implicitMedia().contains(id))
      throw refusal(
          VBOX_E_INVALID_OBJECT_STATE,
          medium,
          "attaching it is not saved yet; save the session first");
    for (MachineEntry user : state.currentUsers(id))
      if (user.state() == MachineState.SAVED)
        throw refusal(
            VBOX_E_INVALID_VM_STATE,
            medium,
            List.of(new Blocker.SavedMemory(user.id(), user.name())),
            "the saved memory of machine '%s' knows the disk as it is; resume the machine in VirtualBox and shut it down, or discard the memory with 'varve machine discard-state'"
                .formatted(user.name()));
  }

  /** With the size that the file has now: another program may have changed it. */
  private InventoryState lookedAt(InventoryState state, MediumId id) {
    state = resources.inspection().needs(state, state.chain(id));
    Medium seen = resources.inspection().look(state.medium(id));
    String why = seen.accessError();
    if (why != null) throw Inspection.inaccessible(seen, why);
    return state.with(seen);
  }

  private void grow(ImageChain chain, String doing, long capacity) {
    ImageFiles images = resources.images();
    try {
      images.checkGrowth(chain, capacity);
    } catch (IOException e) {
      throw ModelErrors.of(VBOX_E_NOT_SUPPORTED, "cannot " + doing, e);
    }
    try {
      images.grow(chain, capacity);
    } catch (IOException e) {
      throw ModelErrors.of(VBOX_E_FILE_ERROR, "cannot " + doing, e);
    }
  }
}
