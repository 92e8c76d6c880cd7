package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.MediumId;
import java.nio.file.Path;

/**
 * The places of the host that a call touches, named by the call once: {@link HostWait} waits for
 * them before the inventory's lock is taken. Any thread.
 */
interface HostPlaces {

  /** Waits until the host answers for all of them; without the inventory's lock. */
  void await(HostWait host);

  /** These places and others. */
  default HostPlaces and(HostPlaces others) {
    return host -> {
      await(host);
      others.await(host);
    };
  }

  /** Files that are looked at, made, changed or deleted. */
  static HostPlaces files(Path... files) {
    return host -> host.forFiles(files);
  }

  /** A medium's file, and the settings of the machines that use it. */
  static HostPlaces medium(MediumId medium) {
    return host -> host.forMedium(medium);
  }

  /** What a machine's settings and snapshots are kept in. */
  static HostPlaces machine(MachineId machine) {
    return host -> host.forMachine(machine);
  }

  /** The same for a session's machine, and disks that its unsaved changes have plugged. */
  static HostPlaces session(String session) {
    return host -> host.forSession(session);
  }

  /** The same for a session's machine, and the disks that it has open. */
  static HostPlaces disks(String session) {
    return host -> host.forDisks(session);
  }
}
