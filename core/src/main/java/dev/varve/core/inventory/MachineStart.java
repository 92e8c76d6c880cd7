package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.ModelException;
import dev.varve.core.settings.StateFolder;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One start of a machine. A drive whose medium cannot be served starts empty; hard disks that
 * cannot be served refuse the start, all of them at once, before anything has been changed.
 *
 * <p>The order of calls: {@link #look}, {@link #begin}, {@link #open}, {@link #running}. Those that
 * wait for the host do so without the inventory's lock, so that nothing else waits with them.
 */
final class MachineStart {

  private static final System.Logger LOG = OperationLog.of(MachineStart.class);

  private final Resources resources;
  private final InventoryState before;
  private final MachineEntry entry;
  private final MediaClaims claims;
  private final StartOptions how;
  private final Map<Slot, ModelException> refused = new LinkedHashMap<>();
  private final List<String> warnings = new ArrayList<>();
  private Run run;

  /**
   * @throws ModelException if the machine cannot be started now
   */
  MachineStart(Resources resources, InventoryState state, MachineId machine, StartOptions how) {
    this.resources = resources;
    this.before = state;
    this.entry = state.machine(machine);
    this.how = how;
    this.run = Run.of(how);
    this.claims = new MediaClaims(resources.inspection(), state, entry);
    checkState();
    for (Slot slot : how.without())
      if (entry.working().hardware().attachment(slot) == null)
        throw ModelErrors.of(
            E_INVALIDARG,
            "machine '%s' has no device at %s to be started without",
            entry.name(),
            slot);
  }

  private void checkState() {
    MachineRuns.checkSettled(entry, "start it");
    if (entry.state().isOnline() || !entry.sessions().isEmpty())
      throw Blockers.refusal(
          VBOX_E_INVALID_OBJECT_STATE,
          Blockers.of(entry),
          "machine '%s' %s",
          entry.name(),
          entry.state().isOnline() ? "is running already" : Sessions.isLocked(entry));
    if (entry.state() == MachineState.SAVED && !run.readOnly())
      throw SavedStates.startRefused(entry.saved());
    if (entry.state() == MachineState.DELETING_SNAPSHOT)
      throw ModelErrors.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "a snapshot of machine '%s' is being deleted; wait until that has ended",
          entry.name());
  }

  /**
   * Looks at the media. Waits for the host.
   *
   * @throws ModelException if a hard disk cannot be served; names all of them
   */
  void look() {
    if (!how.force()) checkOtherUser();
    for (Attachment attachment : served()) attempt(attachment, () -> claims.claim(attachment, run));
    checkDisks();
  }

  /**
   * Locks the media that were looked at. Under the inventory's lock.
   *
   * @return the state in which the machine starts; null if what was looked at is not what there is
   *     now
   */
  @Nullable InventoryState begin(InventoryState now) {
    if (now.machine(entry.id()) != entry) return null;
    InventoryState state = now;
    for (Medium seen : claims.state().media().values()) {
      Medium was = before.media().get(seen.id());
      if (seen == was) continue;
      if (now.media().get(seen.id()) != was) return null;
      state = state.with(seen);
    }
    try {
      return MachineRuns.relocked(
          state.with(entry.running(run).with(MachineState.STARTING)), entry.id());
    } catch (ModelException _) {
      return null; // a medium was locked since: the next look says by whom
    }
  }

  /**
   * Resets what must be reset, and opens and serves the disks. Waits for the host.
   *
   * @param transactions is asked for moments, for its journal
   * @throws ModelException if a hard disk cannot be served; names all of them
   */
  void open(Transactions transactions) {
    if (how.force()) resources.disks().forced(() -> serve(transactions));
    else serve(transactions);
    for (String warning : warnings) LOG.log(Level.WARNING, "{0}", warning);
  }

  private void serve(Transactions transactions) {
    for (Attachment attachment : served())
      if (isReset(attachment)) attempt(attachment, () -> reset(attachment, transactions));
    checkDisks();
    open();
  }

  /** The state in which it runs. Under the inventory's lock. */
  InventoryState running(InventoryState now) {
    MachineEntry running = now.machine(entry.id()).with(MachineState.RUNNING).running(run);
    return MachineRuns.relocked(now.with(running), entry.id());
  }

  /**
   * VirtualBox keeps what it read of a machine, and writes it back; disks that are read only stay.
   */
  private void checkOtherUser() {
    if (run.readOnly()) return;
    Path file = entry.saved().settingsFile();
    try {
      String user = resources.disks().otherUser(file);
      if (user == null) return;
      throw ModelErrors.of(
          VBOX_E_INVALID_OBJECT_STATE,
          "machine '%s' cannot start: VirtualBox is running for the owner of %s, %s; close its"
              + " windows and wait until it has ended, or start the machine with --force",
          entry.name(),
          file,
          user);
    } catch (IOException e) {
      throw cannotStart(e);
    }
  }

  /** What the start has to tell: each drive that is empty although a medium is in it. */
  List<String> warnings() {
    return List.copyOf(warnings);
  }

  private List<Attachment> served() {
    return entry.working().hardware().attachments().stream()
        .filter(attachment -> !run.leavesOut(attachment))
        .toList();
  }

  private void attempt(Attachment attachment, Runnable step) {
    try {
      step.run();
    } catch (ModelException why) {
      leave(attachment, why);
    }
  }

  private void leave(Attachment attachment, ModelException why) {
    if (!attachment.type().isRemovable()) {
      refused.put(attachment.slot(), why);
      return;
    }
    run = run.without(attachment);
    String warning =
        "the drive at %s of machine '%s' is empty: %s"
            .formatted(attachment.slot(), entry.name(), why.getMessage());
    warnings.add(warning);
  }

  // ---- what is reset

  private boolean isReset(Attachment attachment) {
    if (run.readOnly() || attachment.type() != DeviceType.HARD_DISK) return false;
    return attachment.medium() != null
        && claims.state().medium(attachment.medium()).autoReset()
        && !goesOnFromMemory(entry.saved());
  }

  /** A machine that goes on from its memory must find its disks as they were. */
  private static boolean goesOnFromMemory(Machine machine) {
    if (machine.currentSnapshot() == null) return false;
    Snapshot current = machine.snapshot(machine.currentSnapshot());
    return current != null && current.stateFile() != null;
  }

  private void reset(Attachment attachment, Transactions transactions) {
    if (attachment.medium() == null) return;
    Medium medium = claims.state().medium(attachment.medium());
    try {
      reset(medium, transactions);
    } catch (IOException e) {
      throw ModelErrors.of(E_FAIL, "'%s' cannot be reset".formatted(medium.name()), e);
    }
  }

  private void reset(Medium medium, Transactions transactions) throws IOException {
    StateFolder.Change change = transactions.lockedWork(() -> resources.store().beginReset(medium));
    try {
      resources.images().reset(medium.location());
    } catch (IOException | RuntimeException e) {
      rollBack(change, transactions);
      throw e;
    }
    rollBack(change, transactions);
  }

  private static void rollBack(StateFolder.Change change, Transactions transactions) {
    transactions.run(() -> change.rollBack());
  }

  // ---- opening

  private void open() {
    Set<Slot> tried = Set.of();
    while (true) {
      Map<Slot, RunningDisks.Disk> disks = MachineRuns.disks(claims.state(), entry.running(run));
      try {
        resources.disks().start(entry.id(), List.copyOf(disks.values()));
        return;
      } catch (UnservedDisksException e) {
        // A drive is empty the second time, so that it does not fail again.
        if (tried.containsAll(e.reasons().keySet())) throw cannotStart(e);
        tried = e.reasons().keySet();
        for (Attachment attachment : served()) {
          IOException why = e.reasons().get(attachment.slot());
          if (why != null) leave(attachment, claims.whyNot(attachment, why));
        }
        checkDisks();
      } catch (IOException e) {
        throw cannotStart(e);
      }
    }
  }

  private ModelException cannotStart(IOException why) {
    return ModelErrors.of(E_FAIL, "machine '%s' cannot start".formatted(entry.name()), why);
  }

  /** Refuses the start if a hard disk cannot be served. */
  private void checkDisks() {
    if (refused.isEmpty()) return;
    Set<ErrorCode> codes =
        refused.values().stream().map(ModelException::code).collect(Collectors.toSet());
    String reasons =
        refused.entrySet().stream()
            .map(each -> "%s: %s.".formatted(each.getKey(), each.getValue().getMessage()))
            .collect(Collectors.joining(" "));
    String without =
        refused.keySet().stream()
            .map(slot -> "--without '%s'".formatted(slot))
            .collect(Collectors.joining(" "));
    List<Blocker> blockers = new ArrayList<>();
    for (ModelException why : refused.values()) blockers.addAll(Blockers.of(why));
    blockers.add(new Blocker.Unserved(entry.id(), entry.name(), List.copyOf(refused.keySet())));
    throw Blockers.refusal(
        codes.size() == 1 ? codes.iterator().next() : E_FAIL,
        blockers,
        "machine '%s' cannot start. %s Its other disks are served with %s",
        entry.name(),
        reasons,
        without);
  }
}
