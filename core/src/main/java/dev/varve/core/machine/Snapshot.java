package dev.varve.core.machine;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A machine's storage at a moment. Immutable.
 *
 * @param parent the snapshot before it; null for the first
 * @param stateFile where the memory of a machine that ran is, as the settings file names it; null
 *     if there is none
 */
public record Snapshot(
    SnapshotId id,
    String name,
    String description,
    Instant takenAt,
    @Nullable SnapshotId parent,
    @Nullable String stateFile,
    Hardware hardware) {

  /** The same after another snapshot, or as the first. */
  public Snapshot withParent(@Nullable SnapshotId parent) {
    return new Snapshot(id, name, description, takenAt, parent, stateFile, hardware);
  }

  /** The same with other storage. */
  public Snapshot withHardware(Hardware hardware) {
    return new Snapshot(id, name, description, takenAt, parent, stateFile, hardware);
  }
}
