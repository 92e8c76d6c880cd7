package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A registered machine: as it was saved, as its sessions see it, and what it is doing. Immutable.
 *
 * @param sessions the first is the one that the others joined
 * @param run how it runs; null while it does not
 */
record MachineEntry(
    Machine saved,
    WorkingCopy working,
    List<Session> sessions,
    MachineState state,
    @Nullable Run run) {

  MachineEntry {
    sessions = List.copyOf(sessions);
  }

  /** A machine without sessions. */
  static MachineEntry of(Machine machine) {
    return new MachineEntry(
        machine, WorkingCopy.of(machine.hardware()), List.of(), resting(machine), null);
  }

  /** What a machine is that does not run: its memory is in a file, or it has none. */
  private static MachineState resting(Machine machine) {
    return machine.stateFile() == null ? MachineState.POWERED_OFF : MachineState.SAVED;
  }

  MachineId id() {
    return saved.id();
  }

  String name() {
    return saved.name();
  }

  MachineEntry with(WorkingCopy working) {
    return new MachineEntry(saved, working, sessions, state, run);
  }

  MachineEntry with(Machine saved) {
    boolean rests = state == MachineState.POWERED_OFF || state == MachineState.SAVED;
    return new MachineEntry(saved, working, sessions, rests ? resting(saved) : state, run);
  }

  /** The machine when it does not run any more. */
  MachineEntry atRest() {
    return new MachineEntry(saved, working, sessions, resting(saved), null);
  }

  /** The machine while it runs, or is on its way to that or from it. */
  MachineEntry running(Run run) {
    boolean stays = state.isOnline() || state.isTransient();
    MachineState running = stays ? state : MachineState.RUNNING;
    return new MachineEntry(saved, working, sessions, running, run);
  }

  MachineEntry with(MachineState state) {
    return new MachineEntry(saved, working, sessions, state, run);
  }

  MachineEntry withSessions(List<Session> sessions) {
    return new MachineEntry(saved, working, sessions, state, run);
  }

  @Nullable LockType lock() {
    if (sessions.isEmpty()) return null;
    boolean exclusive = sessions.stream().anyMatch(s -> s.type() == LockType.WRITE);
    return exclusive ? LockType.WRITE : LockType.SHARED;
  }

  /** The working copy made the saved state. */
  MachineEntry saving() {
    Hardware committed = working.committed();
    Hardware durable = durable(committed);
    boolean changed = working.modified() || !durable.equals(saved.hardware());
    Machine machine =
        saved.withHardware(
            durable, saved.currentStateModified() || saved.currentSnapshot() == null || changed);
    return new MachineEntry(machine, WorkingCopy.of(committed), sessions, state, run);
  }

  /** Whether a session would lose something if the machine were read again. */
  boolean hasUnsaved() {
    return working.modified()
        || !working.detached().isEmpty()
        || !durable(working.committed()).equals(saved.hardware());
  }

  /** The saved state made the working copy. What a running guest has opened stays open. */
  MachineEntry discarding() {
    Hardware hardware = saved.hardware();
    if (state.isOnline())
      hardware =
          hardware.withAttachments(hardware.attachments().stream().map(this::asItStands).toList());
    return with(WorkingCopy.of(hardware));
  }

  /** A saved device with its tray as the guest has left it, if it has the same image still. */
  private Attachment asItStands(Attachment device) {
    Attachment now = working.hardware().attachment(device.slot());
    boolean open = now != null && now.ejected() && Objects.equals(now.medium(), device.medium());
    return open ? device.withEjected(true) : device;
  }

  /** What of the hardware outlives the session: an open tray does not. */
  static Hardware durable(Hardware hardware) {
    return hardware.withAttachments(
        hardware.attachments().stream().map(Attachment::settled).toList());
  }
}
