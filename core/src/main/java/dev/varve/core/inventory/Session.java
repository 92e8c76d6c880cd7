package dev.varve.core.inventory;

import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;

/**
 * A hold on a machine.
 *
 * @param id names the session in later calls; whoever knows it may use it
 */
public record Session(String id, MachineId machine, LockType type) {}
