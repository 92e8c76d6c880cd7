package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The disks of machines while they run: which media they lock, what is served, and how that follows
 * what the model says.
 */
final class MachineRuns {

  private final Outside outside;

  MachineRuns(Outside outside) {
    this.outside = outside;
  }

  /** What a running machine's locks are held by. */
  static String token(MachineId machine) {
    return "machine " + machine;
  }

  // ---- start and stop

  InventoryState start(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    if (entry.state().isOnline() || !entry.sessions().isEmpty())
      throw Refusal.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "machine '%s' %s",
          entry.name(),
          entry.state().isOnline()
              ? "is running already"
              : "is locked by a session; unlock it before it starts");
    if (entry.state() == MachineState.SAVED) throw SavedStates.startRefused(entry.saved());
    if (entry.state() == MachineState.DELETING_SNAPSHOT)
      throw Refusal.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "a snapshot of machine '%s' is being deleted; wait until that has ended",
          entry.name());
    InventoryState locked = lock(look(state, entry), entry);
    MachineEntry running = entry.with(MachineState.RUNNING);
    try {
      if (resets(entry)) reset(locked, entry);
      outside.disks().start(machine, List.copyOf(disks(locked, entry).values()));
    } catch (IOException e) {
      throw Refusal.of(E_FAIL, "machine '%s' cannot start".formatted(entry.name()), e);
    }
    return locked.with(running);
  }

  /** The state of a machine whose disks are closed. */
  static InventoryState stopped(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    return state.withoutLocks(token(machine)).with(entry.atRest());
  }

  static MachineEntry checkRunning(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    if (!entry.state().isOnline())
      throw Refusal.of(
          VBOX_E_INVALID_VM_STATE,
          "machine '%s' is in state %s and cannot be powered down; start it first",
          entry.name(),
          entry.state().text());
    return entry;
  }

  /** Decides while a running machine's new images go on top; null where nothing runs. */
  Store.@Nullable Moment moment(InventoryState state, MachineId machine, Map<Slot, Path> tops) {
    if (!state.machine(machine).state().isOnline() || tops.isEmpty()) return null;
    return decision -> outside.disks().push(machine, tops, decision);
  }

  /** A machine that goes on from its memory must find its disks as they were. */
  private static boolean resets(MachineEntry entry) {
    Machine machine = entry.saved();
    if (entry.state() == MachineState.SAVED) return false;
    if (machine.currentSnapshot() == null) return true;
    Snapshot current = machine.snapshot(machine.currentSnapshot());
    return current == null || current.stateFile() == null;
  }

  private void reset(InventoryState state, MachineEntry entry) throws IOException {
    for (Attachment attachment : entry.working().hardware().attachments()) {
      if (attachment.type() != DeviceType.HARD_DISK || attachment.medium() == null) continue;
      Medium medium = state.medium(attachment.medium());
      if (medium.autoReset()) outside.store().reset(medium);
    }
  }

  // ---- locks

  /** The state after another look at what was inaccessible; only drives may stay so. */
  private InventoryState look(InventoryState state, MachineEntry entry) {
    for (Attachment attachment : entry.working().hardware().attachments()) {
      if (attachment.medium() == null) continue;
      List<Medium> chain = state.chain(attachment.medium());
      if (attachment.type() == DeviceType.HARD_DISK)
        state = outside.inspection().needs(state, chain);
      else if (chain.getFirst().accessError() != null)
        state = state.with(outside.inspection().look(chain.getFirst()));
    }
    return state;
  }

  /**
   * Of each chain the top for writing, unless its type says otherwise, and the rest for reading.
   */
  private static InventoryState lock(InventoryState state, MachineEntry entry) {
    List<MediumLock> wanted = new ArrayList<>();
    String holder = "running machine '%s'".formatted(entry.name());
    for (Attachment attachment : entry.working().hardware().attachments()) {
      if (attachment.medium() == null) continue;
      List<Medium> chain = state.chain(attachment.medium());
      if (chain.getFirst().accessError() != null) continue;
      for (Medium medium : chain.reversed()) {
        boolean top = medium == chain.getFirst();
        MediumLock lock =
            new MediumLock(
                token(entry.id()),
                medium.id(),
                top && (isWritten(medium) || isPassedThrough(attachment, medium)),
                MediumLock.Kind.MACHINE,
                holder);
        wanted.add(lock);
      }
    }
    return MediumLocks.take(
        state.withoutLocks(token(entry.id())),
        wanted,
        "start or change machine '%s'".formatted(entry.name()),
        null);
  }

  private static boolean isWritten(Medium medium) {
    return medium.type() != MediumType.READONLY && medium.type() != MediumType.SHAREABLE;
  }

  /** Then the guest has the drive for itself, and may write to its disc. */
  private static boolean isPassedThrough(Attachment attachment, Medium medium) {
    return attachment.passthrough() && medium.isHostDrive();
  }

  /** The same state with the locks that a running machine's chains need now. */
  static InventoryState relocked(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    return entry.state().isOnline() ? lock(state, entry) : state;
  }

  // ---- what is served

  private static Map<Slot, Disk> disks(InventoryState state, MachineEntry entry) {
    Map<Slot, Disk> disks = new LinkedHashMap<>();
    for (Attachment attachment : entry.working().hardware().attachments())
      disks.put(attachment.slot(), disk(state, entry, attachment));
    return disks;
  }

  private static Disk disk(InventoryState state, MachineEntry entry, Attachment attachment) {
    List<Medium> chain =
        attachment.medium() == null ? List.of() : state.chain(attachment.medium()).reversed();
    if (!chain.isEmpty() && chain.getLast().accessError() != null) chain = List.of();
    List<Path> paths = chain.stream().map(Medium::location).toList();
    boolean readOnly =
        (attachment.type() == DeviceType.DVD
                || (!chain.isEmpty() && chain.getLast().type() == MediumType.READONLY))
            && (chain.isEmpty() || !isPassedThrough(attachment, chain.getLast()));
    @Nullable String name = attachment.bandwidthGroup();
    @Nullable BandwidthGroup group =
        name == null ? null : entry.working().hardware().bandwidthGroup(name);
    return new Disk(
        entry.name(),
        attachment.withImplicit(false),
        chain.isEmpty() ? "RAW" : chain.getFirst().format(),
        paths,
        readOnly,
        group);
  }

  // ---- changes while it runs

  /**
   * Makes a running machine's disks what the model is about to say: locks what is new, and plugs,
   * unplugs and changes disks. All of it is undone if a part fails.
   *
   * @return {@code after} with the machine's new locks
   */
  InventoryState follow(InventoryState before, InventoryState after, MachineId machine) {
    if (!after.machine(machine).state().isOnline()) return after;
    Map<Slot, Disk> old = disks(before, before.machine(machine));
    if (old.equals(disks(after, after.machine(machine)))) return after;
    InventoryState locked = relocked(look(after, after.machine(machine)), machine);
    Map<Slot, Disk> now = disks(locked, locked.machine(machine));
    Deque<RunningDisks.Decision> undo = new ArrayDeque<>();
    try {
      for (Slot slot : old.keySet()) if (!now.containsKey(slot)) unplug(machine, old, slot, undo);
      for (Slot slot : now.keySet())
        if (!old.containsKey(slot)) plug(machine, now, slot, undo);
        else if (!now.get(slot).equals(old.get(slot))) change(machine, old, now, slot, undo);
    } catch (IOException e) {
      for (RunningDisks.Decision step : undo) attempt(step, e);
      throw Refusal.of(
          E_FAIL,
          "the disks of running machine '%s' cannot be changed"
              .formatted(locked.machine(machine).name()),
          e);
    }
    return locked;
  }

  private void unplug(
      MachineId machine, Map<Slot, Disk> old, Slot slot, Deque<RunningDisks.Decision> undo)
      throws IOException {
    Disk disk = old.get(slot);
    if (disk == null) return;
    outside.disks().unplug(machine, slot);
    undo.push(() -> outside.disks().plug(machine, disk));
  }

  private void plug(
      MachineId machine, Map<Slot, Disk> now, Slot slot, Deque<RunningDisks.Decision> undo)
      throws IOException {
    Disk disk = now.get(slot);
    if (disk == null) return;
    outside.disks().plug(machine, disk);
    undo.push(() -> outside.disks().unplug(machine, slot));
  }

  private void change(
      MachineId machine,
      Map<Slot, Disk> old,
      Map<Slot, Disk> now,
      Slot slot,
      Deque<RunningDisks.Decision> undo)
      throws IOException {
    Disk before = old.get(slot);
    Disk after = now.get(slot);
    if (before == null || after == null) return;
    outside.disks().change(machine, after);
    undo.push(() -> outside.disks().change(machine, before));
  }

  private static void attempt(RunningDisks.Decision step, IOException why) {
    try {
      step.run();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }
}
