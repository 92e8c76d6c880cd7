package dev.varve.core.machine;

import java.util.UUID;

/** The identity of a snapshot. Immutable. */
public record SnapshotId(UUID uuid) {
  @Override
  public String toString() {
    return uuid.toString();
  }
}
