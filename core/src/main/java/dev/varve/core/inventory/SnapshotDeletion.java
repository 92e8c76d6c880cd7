package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What deleting a snapshot does.
 *
 * <p>A hard disk that only the snapshot uses becomes one with its child. Merging goes up or down:
 * down into a base, because it always survives; else into the larger of the two, because that
 * copies less, or into the one that can be written. What the disks of all other states show stays
 * the same.
 *
 * <p>Immutable.
 *
 * @param merges those that go up first: until one that goes down has begun, nothing is lost by
 *     giving up
 * @param deleted images that nothing needs afterwards
 */
record SnapshotDeletion(
    MachineId machine, SnapshotId snapshot, List<PendingMerge> merges, List<MediumId> deleted) {

  /** Which of two neighbours holds more. */
  interface Sizes {
    long of(Medium medium);
  }

  static SnapshotDeletion plan(
      InventoryState state, MachineEntry entry, SnapshotId id, Sizes sizes) {
    Snapshot snapshot = Snapshots.find(entry.saved(), id);
    checkPlace(entry.saved(), snapshot);
    List<PendingMerge> merges = new ArrayList<>();
    Set<MediumId> deleted = new LinkedHashSet<>();
    for (Attachment attachment : snapshot.hardware().attachments()) {
      Medium disk = dissolving(state, attachment, entry, id);
      if (disk == null) continue;
      List<Medium> children = state.children(disk.id());
      if (children.size() > 1) throw tooManyChildren(state, snapshot, disk, children);
      if (children.isEmpty()) {
        if (disk.isDifferencing()) deleted.add(disk.id());
        continue;
      }
      Medium child = children.getFirst();
      if (disk.isDifferencing())
        merges.add(
            goesUp(disk, child, sizes)
                ? new PendingMerge(disk.id(), child.id(), true)
                : new PendingMerge(child.id(), disk.id(), false));
      else if (state.isOrphan(child)) deleted.add(child.id());
      else if (isOfMachine(state, child, entry.id()))
        merges.add(new PendingMerge(child.id(), disk.id(), false));
    }
    merges.sort(Comparator.comparing(PendingMerge::forward).reversed());
    return new SnapshotDeletion(entry.id(), id, List.copyOf(merges), List.copyOf(deleted));
  }

  /** Whether the lower of two differencing images is merged into the upper. */
  private static boolean goesUp(Medium disk, Medium child, Sizes sizes) {
    if (disk.isWritable() != child.isWritable()) return child.isWritable();
    return sizes.of(child) >= sizes.of(disk);
  }

  /** Only a snapshot with at most one after it can go, and the current one only as a leaf. */
  private static void checkPlace(Machine machine, Snapshot snapshot) {
    List<Blocker.Snapshot> after = Blockers.after(machine, snapshot.id());
    List<String> names = after.stream().map(each -> "'" + each.snapshotName() + "'").toList();
    if (after.size() > 1)
      throw Blockers.refusal(
          VBOX_E_INVALID_OBJECT_STATE,
          after,
          "snapshot '%s' has %d snapshots after it (%s), and at most one is allowed; delete those of a branch first",
          snapshot.name(),
          after.size(),
          String.join(", ", names));
    if (!after.isEmpty() && snapshot.id().equals(machine.currentSnapshot()))
      throw Blockers.refusal(
          VBOX_E_INVALID_OBJECT_STATE,
          after,
          "snapshot '%s' is the current one of machine '%s' and has %s after it; delete that first, or restore it",
          snapshot.name(),
          machine.name(),
          names.getFirst());
  }

  /** The hard disk of an attachment that nothing but the snapshot uses; null if there is none. */
  private static @Nullable Medium dissolving(
      InventoryState state, Attachment attachment, MachineEntry entry, SnapshotId snapshot) {
    if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) return null;
    Medium disk = state.medium(attachment.medium());
    if (disk.type() != MediumType.NORMAL) return null;
    View.Use only = new View.Use(false, Set.of(snapshot));
    return state.uses(disk.id()).equals(Map.of(entry.id(), only)) ? disk : null;
  }

  /** Whether the machine uses a medium, or something that builds on it. */
  private static boolean isOfMachine(InventoryState state, Medium medium, MachineId machine) {
    return state.tree(medium.id()).stream().anyMatch(m -> state.uses(m.id()).containsKey(machine));
  }

  private static RuntimeException tooManyChildren(
      InventoryState state, Snapshot snapshot, Medium disk, List<Medium> children) {
    List<Medium> unused = children.stream().filter(state::isUnused).toList();
    return ModelErrors.of(
        E_FAIL,
        "snapshot '%s' cannot be deleted: %d images build on its disk '%s', and it can become one with one only. %s",
        snapshot.name(),
        children.size(),
        disk.name(),
        unused.isEmpty()
            ? "Delete the snapshots or detach the disks that use all but one of %s"
                .formatted(names(children))
            : "No machine and no snapshot uses %s: delete what is not needed with 'varve medium delete FILE'; 'varve medium list --unused' lists such images"
                .formatted(names(unused)));
  }

  private static String names(List<Medium> media) {
    return media.stream().map(m -> "'" + m.name() + "'").collect(Collectors.joining(", "));
  }

  /** Every medium that changes or goes. */
  Set<MediumId> touched(InventoryState state) {
    Set<MediumId> touched = new LinkedHashSet<>(deleted);
    for (PendingMerge merge : merges) touched.addAll(merge.touched(state));
    return touched;
  }

  InventoryState apply(InventoryState state, Instant now) {
    for (PendingMerge merge : merges) state = merge.apply(state);
    state = state.withoutMedia(deleted);
    MachineEntry entry = state.machine(machine);
    return state.with(entry.with(without(entry.saved(), now)));
  }

  private Machine without(Machine before, Instant now) {
    Snapshot gone = Snapshots.find(before, snapshot);
    List<Snapshot> left =
        before.snapshots().stream()
            .filter(s -> !s.id().equals(snapshot))
            .map(s -> snapshot.equals(s.parent()) ? s.withParent(gone.parent()) : s)
            .toList();
    boolean current = snapshot.equals(before.currentSnapshot());
    // Above another snapshot than before, the current state is no longer what that one kept.
    return before
        .withSnapshots(left, current ? gone.parent() : before.currentSnapshot(), now)
        .withHardware(before.hardware(), current || before.currentStateModified());
  }

  List<FileStep> steps(InventoryState before) {
    List<FileStep> steps = new ArrayList<>();
    InventoryState state = before;
    for (PendingMerge merge : merges) {
      steps.addAll(merge.steps(state));
      state = merge.apply(state);
    }
    for (MediumId id : deleted) steps.add(PendingMerge.delete(state.medium(id)));
    steps.addAll(SavedStates.unneeded(before, apply(before, Instant.EPOCH)));
    return steps;
  }
}
