package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;

/**
 * Hears which disks are served, and which clients use them. Called by any thread, also by the loops
 * that serve disks: no method may wait or throw.
 */
public interface DiskWatcher {

  /** Clients can ask for a disk from now on, by this name. */
  void published(MachineId machine, Slot slot, String export);

  /** They cannot any more; those that use it are being sent away. */
  void withdrawn(MachineId machine, Slot slot, String export);

  /** A client uses a disk. */
  void connected(DiskClient client);

  /**
   * A client is gone.
   *
   * @param why for people
   */
  void disconnected(DiskClient client, String why);
}
