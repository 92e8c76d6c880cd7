package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.MediumId;
import java.util.List;

/**
 * What stands in the way of a call that was refused, as a fact that a program can act on. Each is
 * immutable.
 *
 * <p>There is one for each thing that the caller can end, save, detach or delete. Names are for
 * people.
 */
public sealed interface Blocker {

  /** The machine runs. */
  record Running(MachineId machine, String name) implements Blocker {}

  /** The machine does not run. */
  record NotRunning(MachineId machine, String name) implements Blocker {}

  /** The memory of the machine is saved. */
  record SavedMemory(MachineId machine, String name) implements Blocker {}

  /**
   * A session holds the machine.
   *
   * @param holder the program that began the session
   * @param unsaved whether it has changes that are not saved
   */
  record Held(String session, MachineId machine, String name, String holder, boolean unsaved)
      implements Blocker {}

  /** A client has locked the medium. */
  record Locked(String lock, MediumId medium, String holder) implements Blocker {}

  /** The medium is attached to the current state of the machine. */
  record Attached(MediumId medium, MachineId machine, String name, Slot slot) implements Blocker {}

  /** The snapshot keeps the medium, or comes after the snapshot that is meant. */
  record Snapshot(MachineId machine, String name, SnapshotId snapshot, String snapshotName)
      implements Blocker {}

  /** The image builds on the medium. */
  record Child(MediumId medium, String name, MediumId parent, String parentName)
      implements Blocker {}

  /** The disks in these slots cannot be served; the others can. */
  record Unserved(MachineId machine, String name, List<Slot> slots) implements Blocker {}

  /** The bandwidth group limits the device in the slot. */
  record Limited(MachineId machine, String name, Slot slot, String group) implements Blocker {}
}
