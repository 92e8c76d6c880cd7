package dev.varve.core.inventory;

import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.ModelException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Finds what stands in the way. */
final class Blockers {

  private Blockers() {}

  /** The exception to throw. */
  static ModelException refusal(
      ErrorCode code, Collection<? extends Blocker> blockers, String message, Object... arguments) {
    return new BlockedException(code, String.format(Locale.ROOT, message, arguments), blockers);
  }

  /** A refusal in more words, because of what the first one says. */
  static ModelException refusal(ModelException why, String message, Object... arguments) {
    ModelException refusal = refusal(why.code(), of(why), message, arguments);
    refusal.initCause(why);
    return refusal;
  }

  /** What a refusal names. */
  static List<Blocker> of(ModelException why) {
    return why instanceof BlockedException blocked ? blocked.blockers() : List.of();
  }

  /** What keeps a machine from being changed as a whole: its run, its memory, its sessions. */
  static List<Blocker> of(MachineEntry entry) {
    List<Blocker> all = new ArrayList<>();
    if (entry.state() == MachineState.RUNNING || entry.state() == MachineState.PAUSED)
      all.add(new Blocker.Running(entry.id(), entry.name()));
    else if (entry.state() == MachineState.SAVED)
      all.add(new Blocker.SavedMemory(entry.id(), entry.name()));
    else all.addAll(sessions(entry));
    return all;
  }

  /** The sessions that hold a machine. */
  static List<Blocker> sessions(MachineEntry entry) {
    return entry.sessions().stream()
        .<Blocker>map(
            session ->
                new Blocker.Held(
                    session.id(),
                    entry.id(),
                    entry.name(),
                    session.hold().holder(),
                    entry.hasUnsaved()))
        .toList();
  }

  /** Where a medium is attached, and the snapshots that keep it. */
  static List<Blocker> uses(InventoryState state, MediumId medium) {
    List<Blocker> all = new ArrayList<>();
    for (MachineEntry entry : state.machines().values()) {
      all.addAll(attachments(entry, medium));
      for (Snapshot snapshot : entry.saved().snapshots())
        if (snapshot.hardware().attachments().stream().anyMatch(a -> medium.equals(a.medium())))
          all.add(of(entry.saved(), snapshot));
    }
    return all;
  }

  /** The slots of a machine with a medium in them. */
  static List<Blocker> attachments(MachineEntry entry, MediumId medium) {
    List<Blocker> all = new ArrayList<>();
    for (Attachment attachment : entry.working().hardware().attachments())
      if (medium.equals(attachment.medium()))
        all.add(new Blocker.Attached(medium, entry.id(), entry.name(), attachment.slot()));
    return all;
  }

  /** The snapshots after another one. */
  static List<Blocker.Snapshot> after(Machine machine, SnapshotId snapshot) {
    return machine.snapshots().stream()
        .filter(each -> snapshot.equals(each.parent()))
        .map(each -> of(machine, each))
        .toList();
  }

  private static Blocker.Snapshot of(Machine machine, Snapshot snapshot) {
    return new Blocker.Snapshot(machine.id(), machine.name(), snapshot.id(), snapshot.name());
  }

  /** The images that build on a medium. */
  static List<Blocker> children(InventoryState state, Medium parent) {
    return state.children(parent.id()).stream()
        .<Blocker>map(
            child -> new Blocker.Child(child.id(), child.name(), parent.id(), parent.name()))
        .toList();
  }

  /** Who holds a lock, if a caller can end that; a job's lock ends with the job. */
  static List<Blocker> of(InventoryState state, MediumLock lock) {
    if (lock.kind() == MediumLock.Kind.CALLER && lock.hold() != null)
      return List.of(new Blocker.Locked(lock.token(), lock.medium(), lock.hold().holder()));
    List<Blocker> all = new ArrayList<>();
    for (MachineEntry entry : state.machines().values()) {
      MachineId id = entry.id();
      if (lock.token().equals(MediumLock.ofRun(id)) && entry.state().isOnline())
        all.add(new Blocker.Running(id, entry.name()));
    }
    return all;
  }
}
