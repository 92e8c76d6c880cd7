package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.VBOX_E_OBJECT_NOT_FOUND;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.Names;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.ModelException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Taking snapshots and going back to them. Both give every Normal hard disk a new differencing
 * image; what is of another type, or in a drive, is attached as it is.
 */
final class Snapshots {

  /** As many snapshots as can follow each other. */
  private static final int MAX_DEPTH = 250;

  private final Resources resources;

  Snapshots(Resources resources) {
    this.resources = resources;
  }

  /**
   * A change of a machine's disks that is ready to be made.
   *
   * @param diffs the images to create
   * @param tops which of them goes on top of which slot's disk
   * @param steps what is left to do with files once it is decided
   */
  record Change(
      InventoryState after,
      SnapshotId snapshot,
      List<NewDiff> diffs,
      Map<Slot, Image> tops,
      List<FileStep> steps) {}

  static Snapshot find(Machine machine, SnapshotId id) {
    Snapshot snapshot = machine.snapshot(id);
    if (snapshot == null)
      throw ModelErrors.of(
          VBOX_E_OBJECT_NOT_FOUND,
          "machine '%s' has no snapshot %s; it has %s",
          machine.name(),
          id,
          machine.snapshots().isEmpty()
              ? "none"
              : machine.snapshots().stream().map(s -> s.name() + " = " + s.id()).toList());
    return snapshot;
  }

  /**
   * Saves what is pending, keeps the current state as a snapshot, and goes on above it. Of a
   * machine whose memory is saved, the machine and the snapshot share the file of its memory.
   */
  Change take(InventoryState state, String session, String name, String description) {
    ModelErrors.checkName("a snapshot", Names.fault(name), name);
    MachineEntry entry =
        Sessions.writable(Sessions.anyStable(state, session, "take a snapshot"), "take a snapshot");
    checkDepth(entry.saved());
    MachineEntry committed = entry.saving();
    Hardware hardware = committed.working().hardware();
    String doing = "take a snapshot of machine '%s'".formatted(entry.name());
    checkLeftOut(state, entry, doing);
    InventoryState now =
        readable(state.with(committed), hardware, doing, MediumLock.ofRun(entry.id()));

    Above above = above(now, committed, hardware);
    Machine machine = committed.saved();
    Snapshot snapshot =
        new Snapshot(
            new SnapshotId(resources.newId()),
            name,
            description,
            resources.now(),
            machine.currentSnapshot(),
            machine.stateFile(),
            MachineEntry.durable(hardware));
    Machine after =
        machine
            .withSnapshots(with(snapshot, machine.snapshots()), snapshot.id(), snapshot.takenAt())
            .withHardware(MachineEntry.durable(above.hardware()), false);
    InventoryState result =
        now.withMedia(above.media())
            .with(committed.with(after).with(WorkingCopy.of(above.hardware())));
    return new Change(
        Registries.claimed(result, entry.id()),
        snapshot.id(),
        above.diffs(),
        above.tops(),
        List.of());
  }

  /** A disk that a run leaves out gets its new image like that of a machine that is off. */
  private void checkLeftOut(InventoryState state, MachineEntry entry, String doing) {
    Run run = entry.run();
    if (run == null) return;
    for (Attachment attachment : entry.working().hardware().attachments()) {
      if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) continue;
      if (!run.leavesOut(attachment)) continue;
      try {
        resources.inspection().needs(state, state.chain(attachment.medium()));
      } catch (ModelException why) {
        throw Blockers.refusal(
            why,
            "cannot %s, which runs without %s: %s",
            doing,
            attachment.slot(),
            String.valueOf(why.getMessage()));
      }
    }
  }

  /** With one more, where the settings file has it: behind all that follow its parent. */
  private static List<Snapshot> with(Snapshot added, List<Snapshot> others) {
    List<Snapshot> all = new ArrayList<>(others);
    Set<SnapshotId> family = new HashSet<>();
    if (added.parent() != null) family.add(added.parent());
    int end = all.size();
    for (int i = 0; i < all.size(); i++) {
      Snapshot other = all.get(i);
      if (other.parent() != null && family.contains(other.parent())) family.add(other.id());
      if (family.contains(other.id())) end = i + 1;
    }
    all.add(end, added);
    return all;
  }

  /**
   * Throws away what is pending and goes on above a snapshot. The differencing images of the
   * current state that nothing else needs are deleted.
   */
  Change restore(InventoryState state, String session, SnapshotId id) {
    MachineEntry held = Sessions.stoppedOrSaved(state, session, "restore a snapshot");
    Snapshot snapshot = find(held.saved(), id);
    InventoryState clean = Sessions.discard(state, held.id());
    MachineEntry entry = clean.machine(held.id());
    String doing = "restore snapshot '%s' of machine '%s'".formatted(snapshot.name(), held.name());
    Hardware hardware = AttachmentVisitor.map(snapshot.hardware(), clean::present);
    InventoryState now = readable(clean, hardware, doing, null);

    List<Medium> unneeded = unneeded(now, entry);
    for (Medium medium : unneeded) MediumLocks.needFree(now, medium, doing);
    Above above = above(now, entry, hardware);
    Machine after =
        entry
            .saved()
            .withSnapshots(entry.saved().snapshots(), id, resources.now())
            .withStateFile(snapshot.stateFile())
            .withHardware(above.hardware(), false);
    InventoryState result =
        now.withoutMedia(unneeded.stream().map(Medium::id).toList())
            .withMedia(above.media())
            .with(entry.with(after).with(WorkingCopy.of(above.hardware())));
    List<FileStep> steps = new ArrayList<>();
    for (Medium medium : unneeded) steps.add(PendingMerge.delete(medium));
    steps.addAll(SavedStates.unneeded(state, result));
    return new Change(
        Registries.claimed(result, entry.id()), id, above.diffs(), above.tops(), steps);
  }

  private static void checkDepth(Machine machine) {
    int depth = 0;
    for (SnapshotId id = machine.currentSnapshot(); id != null; depth++) {
      Snapshot snapshot = machine.snapshot(id);
      id = snapshot == null ? null : snapshot.parent();
    }
    if (depth >= MAX_DEPTH)
      throw ModelErrors.of(
          E_FAIL,
          "machine '%s' has %d snapshots on top of each other, and no more are possible; delete some",
          machine.name(),
          depth);
  }

  /** The state after a look at the hard disks, all of which must be there and readable. */
  private InventoryState readable(
      InventoryState state, Hardware hardware, String doing, @Nullable String ignoring) {
    for (Attachment attachment : hardware.attachments()) {
      if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) continue;
      List<Medium> chain = state.chain(attachment.medium());
      state = resources.inspection().needs(state, chain);
      MediumLocks.needReading(state, chain, doing, ignoring);
    }
    return state;
  }

  /** Hardware with a new differencing image on every Normal hard disk, and those images. */
  private record Above(Hardware hardware, List<NewDiff> diffs, Map<Slot, Image> tops) {
    List<Medium> media() {
      return diffs.stream().map(NewDiff::medium).toList();
    }
  }

  private Above above(InventoryState state, MachineEntry entry, Hardware hardware) {
    List<Attachment> attachments = new ArrayList<>();
    List<NewDiff> diffs = new ArrayList<>();
    Map<Slot, Image> tops = new LinkedHashMap<>();
    for (Attachment attachment : hardware.attachments()) {
      Medium medium = normalDisk(state, attachment);
      if (medium == null) {
        attachments.add(attachment);
        continue;
      }
      NewDiff.checkParent(state, medium, entry);
      NewDiff diff = NewDiff.in(entry.saved(), state, medium, resources.newMediumId());
      diffs.add(diff);
      tops.put(attachment.slot(), Image.of(diff.medium()));
      attachments.add(attachment.withMedium(diff.medium().id()));
    }
    return new Above(hardware.withAttachments(attachments), diffs, tops);
  }

  private static @Nullable Medium normalDisk(InventoryState state, Attachment attachment) {
    if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) return null;
    Medium medium = state.medium(attachment.medium());
    return medium.type() == MediumType.NORMAL ? medium : null;
  }

  /**
   * The differencing images of the current state that are no parents and that no other machine
   * uses.
   */
  private static List<Medium> unneeded(InventoryState state, MachineEntry entry) {
    return entry.saved().hardware().attachments().stream()
        .filter(a -> a.type() == DeviceType.HARD_DISK)
        .map(Attachment::medium)
        .filter(Objects::nonNull)
        .distinct()
        .map(state::medium)
        .filter(Medium::isDifferencing)
        .filter(medium -> state.children(medium.id()).isEmpty())
        .filter(medium -> isUsedOnlyBy(state, medium, entry))
        .toList();
  }

  private static boolean isUsedOnlyBy(InventoryState state, Medium medium, MachineEntry entry) {
    Map<?, View.Use> uses = state.uses(medium.id());
    View.Use own = uses.get(entry.id());
    return uses.size() == 1 && own != null && own.snapshots().isEmpty();
  }
}
