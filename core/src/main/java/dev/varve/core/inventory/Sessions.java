package dev.varve.core.inventory;

import static dev.varve.core.machine.MachineState.PAUSED;
import static dev.varve.core.machine.MachineState.POWERED_OFF;
import static dev.varve.core.machine.MachineState.RUNNING;
import static dev.varve.core.machine.MachineState.SAVED;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;

import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Who may change a machine, and when; and what becomes of the changes. */
final class Sessions {

  private static final Set<MachineState> STOPPED = Set.of(POWERED_OFF);
  private static final Set<MachineState> STOPPED_OR_SAVED = Set.of(POWERED_OFF, SAVED);
  private static final Set<MachineState> STOPPED_OR_RUNNING = Set.of(POWERED_OFF, RUNNING, PAUSED);
  private static final Set<MachineState> STABLE = Set.of(POWERED_OFF, SAVED, RUNNING, PAUSED);

  private Sessions() {}

  // ---- taking and giving back

  static InventoryState lock(InventoryState state, Session session) {
    MachineEntry entry = state.machine(session.machine());
    MachineRuns.checkSettled(entry, "lock it");
    boolean free = entry.sessions().isEmpty() && !entry.state().isOnline();
    if (!free && session.type() == LockType.WRITE)
      throw Blockers.refusal(
          VBOX_E_INVALID_OBJECT_STATE,
          Blockers.of(entry),
          "machine '%s' %s; join with a shared lock, or wait",
          entry.name(),
          entry.state().isOnline() ? "is running" : isLocked(entry));
    List<Session> sessions = new ArrayList<>(entry.sessions());
    sessions.add(session);
    return state.with(entry.withSessions(sessions));
  }

  /** For messages: what keeps others from a machine, and how to end that. */
  static String isLocked(MachineEntry entry) {
    return "is locked by a session of %s ('varve machine session list' shows it, and 'end' ends it)"
        .formatted(entry.sessions().getFirst().hold());
  }

  /** The holder of a session has given a sign of life; does nothing if the session has ended. */
  static InventoryState renew(InventoryState state, String session, Instant now) {
    for (MachineEntry entry : state.machines().values()) {
      List<Session> sessions = new ArrayList<>(entry.sessions());
      sessions.replaceAll(each -> each.id().equals(session) ? each.renewedAt(now) : each);
      if (!sessions.equals(entry.sessions())) return state.with(entry.withSessions(sessions));
    }
    return state;
  }

  /** Ends a session, and with the one that the others joined all of them and what they changed. */
  static InventoryState unlock(InventoryState state, String session) {
    MachineEntry entry = state.held(session);
    List<Session> left = new ArrayList<>(entry.sessions());
    boolean first = left.getFirst().id().equals(session);
    left.removeIf(s -> s.id().equals(session));
    if (first && !entry.state().isOnline()) left.clear();
    InventoryState now = state.with(entry.withSessions(left));
    return left.isEmpty() ? discard(now, entry.id()) : now;
  }

  // ---- keeping changes or throwing them away

  static InventoryState save(InventoryState state, String session) {
    MachineEntry entry = anyStable(state, session, "save the settings");
    return Registries.claimed(state.with(entry.saving()), entry.id());
  }

  static InventoryState discard(InventoryState state, String session) {
    return discard(state, anyStable(state, session, "discard the changes").id());
  }

  /** The saved state is the working copy again, and what attaching made is gone. */
  static InventoryState discard(InventoryState state, MachineId machine) {
    MachineEntry entry = state.machine(machine);
    Set<MediumId> implicit = new HashSet<>(entry.working().implicitMedia());
    for (MediumId id : implicit) {
      Medium medium = state.medium(id);
      if (!isHeldOnlyBy(state, id, MediumLock.ofRun(machine)))
        MediumLocks.needFree(state, medium, "delete what attaching made");
    }
    // An image that left its drive unsaved may be gone for good: the drive comes back empty.
    Machine saved = AttachmentVisitor.map(entry.saved(), state::present);
    return state.with(entry.with(saved).discarding()).withoutMedia(implicit);
  }

  private static boolean isHeldOnlyBy(InventoryState state, MediumId medium, String token) {
    return state.locksOn(medium).stream().allMatch(lock -> lock.token().equals(token));
  }

  // ---- what a call needs

  /** The machine, locked and powered off. */
  static MachineEntry stopped(InventoryState state, String session, String doing) {
    return in(STOPPED, state, session, doing);
  }

  /** The machine, locked, and powered off or running, but not to be read only. */
  static MachineEntry stoppedOrRunning(InventoryState state, String session, String doing) {
    return writable(in(STOPPED_OR_RUNNING, state, session, doing), doing);
  }

  /** Refuses a change of a machine whose disks can only be read in this run. */
  static MachineEntry writable(MachineEntry entry, String doing) {
    Run run = entry.run();
    if (run != null && run.readOnly())
      throw Blockers.refusal(
          VBOX_E_INVALID_VM_STATE,
          Blockers.of(entry),
          "cannot %s while machine '%s' runs read-only; power it down first",
          doing,
          entry.name());
    return entry;
  }

  /** The machine, locked, with its memory saved. */
  static MachineEntry saved(InventoryState state, String session, String doing) {
    return in(Set.of(SAVED), state, session, doing);
  }

  /** The machine, locked, and powered off or in a saved state. */
  static MachineEntry stoppedOrSaved(InventoryState state, String session, String doing) {
    return in(STOPPED_OR_SAVED, state, session, doing);
  }

  /** The machine, locked, and with no long work going on. */
  static MachineEntry anyStable(InventoryState state, String session, String doing) {
    return in(STABLE, state, session, doing);
  }

  /** Whether no long work runs on a machine. */
  static boolean isStable(MachineEntry entry) {
    return STABLE.contains(entry.state());
  }

  /** The caller's own session is no obstacle. */
  private static List<Blocker> withoutSessions(MachineEntry entry) {
    return Blockers.of(entry).stream().filter(b -> !(b instanceof Blocker.Held)).toList();
  }

  private static MachineEntry in(
      Set<MachineState> allowed, InventoryState state, String session, String doing) {
    MachineEntry entry = state.held(session);
    if (!allowed.contains(entry.state()))
      throw Blockers.refusal(
          VBOX_E_INVALID_VM_STATE,
          allowed.contains(POWERED_OFF) ? withoutSessions(entry) : List.of(),
          "cannot %s while machine '%s' is in state %s; it must be %s%s",
          doing,
          entry.name(),
          entry.state().text(),
          String.join(" or ", allowed.stream().map(MachineState::text).sorted().toList()),
          entry.state() == SAVED ? SavedStates.wayOut(entry.saved()) : "");
    return entry;
  }
}
