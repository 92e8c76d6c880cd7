package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import org.jspecify.annotations.Nullable;

/**
 * Where a hard disk's most recent contents are, as a machine knows them: in what was attached at
 * the last save, else in the nearest snapshot.
 */
final class SmartAttachment {

  private SmartAttachment() {}

  /**
   * The medium itself, if it was attached at the last save: the old attachment with its flags where
   * the slot is the same, a new one elsewhere; null if it was not attached.
   */
  static @Nullable Attachment lastSaved(MachineEntry entry, Attachment device, Medium medium) {
    boolean known = false;
    for (Attachment old : entry.working().backup()) {
      if (!medium.id().equals(old.medium())) continue;
      if (old.slot().equals(device.slot())) return old;
      known = true;
    }
    return known ? device : null;
  }

  /**
   * A differencing image of {@code base} that was attached at the last save and is not now: the one
   * that had this slot, with its attachment as it was; else the deepest, the first among equals;
   * null if there is none.
   */
  static @Nullable Attachment lastSavedDescendant(
      InventoryState state, MachineEntry entry, Attachment device, Medium base) {
    MediumId deepest = null;
    for (Attachment old : entry.working().backup()) {
      MediumId medium = descendant(state, old, base);
      if (medium == null || entry.working().attaches(medium)) continue;
      if (old.slot().equals(device.slot())) return old;
      if (deepest == null || state.depth(medium) > state.depth(deepest)) deepest = medium;
    }
    return deepest == null ? null : device.withMedium(deepest);
  }

  /**
   * What of {@code base}'s tree the nearest snapshot that has any of it holds: in this slot, else
   * the deepest, the first among equals. The base itself if no snapshot on the way to the root has.
   */
  static Medium nearestInSnapshots(
      InventoryState state, MachineEntry entry, Slot slot, Medium base) {
    SnapshotId id = entry.saved().currentSnapshot();
    while (id != null) {
      Snapshot snapshot = entry.saved().snapshot(id);
      if (snapshot == null) break;
      MediumId found = inSnapshot(state, snapshot, slot, base);
      if (found != null) return state.medium(found);
      id = snapshot.parent();
    }
    return base;
  }

  private static @Nullable MediumId inSnapshot(
      InventoryState state, Snapshot snapshot, Slot slot, Medium base) {
    MediumId deepest = null;
    for (Attachment attachment : snapshot.hardware().attachments()) {
      MediumId medium = descendant(state, attachment, base);
      if (medium == null) continue;
      if (attachment.slot().equals(slot)) return medium;
      if (deepest == null || state.depth(medium) > state.depth(deepest)) deepest = medium;
    }
    return deepest;
  }

  /** The medium of an attachment if it is of {@code base}'s tree, the base included. */
  private static @Nullable MediumId descendant(
      InventoryState state, Attachment attachment, Medium base) {
    MediumId medium = attachment.medium();
    if (attachment.type() != DeviceType.HARD_DISK || medium == null) return null;
    return state.base(medium).id().equals(base.id()) ? medium : null;
  }
}
