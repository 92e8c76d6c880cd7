package dev.varve.core.inventory;

import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import java.time.Instant;

/**
 * A hold on a machine. Immutable.
 *
 * @param id names the session in later calls; every caller that knows it may use it
 */
public record Session(String id, MachineId machine, LockType type, Hold hold) {

  Session renewedAt(Instant now) {
    return new Session(id, machine, type, hold.renewedAt(now));
  }
}
