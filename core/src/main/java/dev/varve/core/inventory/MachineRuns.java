package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The disks of machines while they run: which media they lock, what is served, and how that follows
 * what the model says.
 */
final class MachineRuns {

  private static final System.Logger LOG = OperationLog.of(MachineRuns.class);

  private final Resources resources;

  MachineRuns(Resources resources) {
    this.resources = resources;
  }

  // ---- stop

  /** The state of a machine whose disks are closed. */
  static InventoryState stopped(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    return state.withoutLocks(MediumLock.ofRun(machine)).with(entry.atRest());
  }

  /** Refuses a machine that starts or stops. */
  static void checkSettled(MachineEntry entry, String doing) {
    if (!entry.state().isTransient()) return;
    throw ModelErrors.of(
        VBOX_E_INVALID_OBJECT_STATE,
        "machine '%s' is being %s; %s when that has ended. If it takes long, a file system does not answer: the log says which",
        entry.name(),
        entry.state() == MachineState.STARTING ? "started" : "powered down",
        doing);
  }

  static MachineEntry checkRunning(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    checkSettled(entry, "power it down");
    if (!entry.state().isOnline())
      throw Blockers.refusal(
          VBOX_E_INVALID_VM_STATE,
          List.of(new Blocker.NotRunning(entry.id(), entry.name())),
          "machine '%s' is in state %s and cannot be powered down; start it first",
          entry.name(),
          entry.state().text());
    return entry;
  }

  // ---- new images on top

  /**
   * Decides while a running machine's new images go on top; null where nothing runs. What the run
   * leaves out is decided like the disk of a machine that is off.
   */
  Store.@Nullable Moment moment(InventoryState state, MachineId machine, Map<Slot, Image> tops) {
    Run run = state.machine(machine).run();
    if (run == null) return null;
    Map<Slot, Image> served = new LinkedHashMap<>(tops);
    served.keySet().removeAll(run.without());
    return served.isEmpty() ? null : decision -> resources.disks().push(machine, served, decision);
  }

  /** The same state with the locks that a running machine's chains need now. */
  static InventoryState relocked(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    Run run = entry.run();
    if (run == null) return state;
    InventoryState locked = state.withoutLocks(MediumLock.ofRun(machine));
    for (Attachment attachment : entry.working().hardware().attachments())
      if (!run.leavesOut(attachment)) locked = MediaClaims.locked(locked, entry, attachment, run);
    return locked;
  }

  // ---- what is served

  /** The disks of a machine that runs, without those that its run leaves out. */
  static Map<Slot, Disk> disks(InventoryState state, MachineEntry entry) {
    Map<Slot, Disk> disks = new LinkedHashMap<>();
    Run run = entry.run();
    if (run == null) return disks;
    for (Attachment attachment : entry.working().hardware().attachments())
      if (!run.leavesOut(attachment))
        disks.put(attachment.slot(), disk(state, entry, run, attachment));
    return disks;
  }

  private static Disk disk(
      InventoryState state, MachineEntry entry, Run run, Attachment attachment) {
    MediumId medium = run.served(attachment);
    List<Medium> chain = medium == null ? List.of() : state.chain(medium).reversed();
    boolean readOnly =
        run.readOnly()
            || (attachment.type() == DeviceType.DVD
                    || (!chain.isEmpty() && chain.getLast().type() == MediumType.READONLY))
                && (chain.isEmpty() || !MediaClaims.isPassedThrough(attachment, chain.getLast()));
    @Nullable String name = attachment.bandwidthGroup();
    @Nullable BandwidthGroup group =
        name == null ? null : entry.working().hardware().bandwidthGroup(name);
    return new Disk(
        entry.name(),
        attachment.withImplicit(false),
        chain.stream().map(Image::of).toList(),
        readOnly,
        group);
  }

  /** Whether all that is served is the same in two states, but for the names of machines. */
  static boolean servesTheSame(InventoryState one, InventoryState other) {
    for (MachineEntry entry : one.machines().values()) {
      if (!entry.state().isOnline()) continue;
      MachineEntry then = other.machines().get(entry.id());
      if (then == null || !anonymous(disks(one, entry)).equals(anonymous(disks(other, then))))
        return false;
    }
    return true;
  }

  private static Map<Slot, Disk> anonymous(Map<Slot, Disk> disks) {
    Map<Slot, Disk> anonymous = new LinkedHashMap<>();
    disks.forEach(
        (slot, disk) ->
            anonymous.put(
                slot,
                new Disk("", disk.attachment(), disk.images(), disk.readOnly(), disk.group())));
    return anonymous;
  }

  // ---- changes while it runs

  /** What becomes of a device that the model is about to have and that cannot be served. */
  enum Unservable {
    /** The change is refused. */
    REFUSED,
    /** The machine continues without it: taking a change back must not fail. */
    LEFT_OUT
  }

  /**
   * Makes a running machine's disks what the model is about to say: locks what is new, and plugs,
   * unplugs and changes disks. All of it is undone if a part fails.
   *
   * @return {@code after} with the machine's new locks
   */
  InventoryState follow(
      InventoryState before, InventoryState after, MachineId machine, Unservable unservable) {
    MachineEntry entry = after.machine(machine);
    Run run = entry.run();
    if (run == null || entry.state().isTransient()) return after; // nothing is plugged on the way
    Map<Slot, Disk> old = disks(before, before.machine(machine));
    Hardware oldHardware = before.machine(machine).working().hardware();
    Hardware hardware = entry.working().hardware();
    run = run.following(oldHardware, hardware);
    entry = entry.running(run);
    if (old.equals(disks(after, entry))) return after.with(entry);

    var claims =
        new MediaClaims(
            resources.inspection(), after.withoutLocks(MediumLock.ofRun(machine)), entry);
    for (Attachment attachment : hardware.attachments()) {
      if (run.leavesOut(attachment)) continue;
      try {
        if (isNew(attachment, oldHardware)) claims.claim(attachment, run);
        else claims.keep(attachment, run);
      } catch (ModelException why) {
        if (unservable == Unservable.REFUSED) throw why;
        run = leftOut(run, entry, attachment, String.valueOf(why.getMessage()));
      }
    }
    entry = entry.running(run);
    run = apply(claims.state().with(entry), entry, old, unservable);
    return relocked(claims.state().with(entry.running(run)), machine);
  }

  private static boolean isNew(Attachment attachment, Hardware before) {
    Attachment old = before.attachment(attachment.slot());
    return old == null || !Objects.equals(old.medium(), attachment.medium());
  }

  private static Run leftOut(Run run, MachineEntry entry, Attachment attachment, String why) {
    LOG.log(
        Level.WARNING,
        "machine ''{0}'' continues without the device at {1}, which cannot be served again: {2}",
        entry.name(),
        attachment.slot(),
        why);
    return run.without(attachment);
  }

  /** Plugs, unplugs and changes disks; returns the run without what then cannot be opened. */
  private Run apply(
      InventoryState state, MachineEntry entry, Map<Slot, Disk> old, Unservable unservable) {
    MachineId machine = entry.id();
    Map<Slot, Disk> now = disks(state, entry);
    Run run = Objects.requireNonNull(entry.run());
    Deque<RunningDisks.Decision> undo = new ArrayDeque<>();
    try {
      for (Slot slot : old.keySet()) if (!now.containsKey(slot)) unplug(machine, old, slot, undo);
      for (Slot slot : now.keySet()) {
        try {
          if (!old.containsKey(slot)) plug(machine, now, slot, undo);
          else if (!now.get(slot).equals(old.get(slot))) change(machine, old, now, slot, undo);
        } catch (IOException e) {
          if (unservable == Unservable.REFUSED) throw e;
          run = leftOut(run, entry, now.get(slot).attachment(), ModelErrors.why(e));
          Disk empty = disks(state, entry.running(run)).get(slot);
          if (empty != null && old.containsKey(slot)) resources.disks().change(machine, empty);
          else if (empty != null) resources.disks().plug(machine, empty);
          else if (old.containsKey(slot)) resources.disks().unplug(machine, slot);
        }
      }
    } catch (IOException e) {
      for (RunningDisks.Decision step : undo) attempt(step, e);
      throw ModelErrors.of(
          E_FAIL, "the disks of running machine '%s' cannot be changed".formatted(entry.name()), e);
    }
    return run;
  }

  private void unplug(
      MachineId machine, Map<Slot, Disk> old, Slot slot, Deque<RunningDisks.Decision> undo)
      throws IOException {
    Disk disk = old.get(slot);
    if (disk == null) return;
    resources.disks().unplug(machine, slot);
    undo.push(() -> resources.disks().plug(machine, disk));
  }

  private void plug(
      MachineId machine, Map<Slot, Disk> now, Slot slot, Deque<RunningDisks.Decision> undo)
      throws IOException {
    Disk disk = now.get(slot);
    if (disk == null) return;
    resources.disks().plug(machine, disk);
    undo.push(() -> resources.disks().unplug(machine, slot));
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
    resources.disks().change(machine, after);
    undo.push(() -> resources.disks().change(machine, before));
  }

  private static void attempt(RunningDisks.Decision step, IOException why) {
    try {
      step.run();
    } catch (IOException e) {
      why.addSuppressed(e);
    }
  }
}
