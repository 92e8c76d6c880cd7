package dev.varve.core.machine;

import java.util.UUID;

/** The identity of a machine, as its settings file has it. Immutable. */
public record MachineId(UUID uuid) {
  @Override
  public String toString() {
    return uuid.toString();
  }
}
