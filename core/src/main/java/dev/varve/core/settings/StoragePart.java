package dev.varve.core.settings;

import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Snapshot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.Medium;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What of a machine's settings the use of its disks depends on: another program that changes
 * anything else does not contradict what is open here. Immutable.
 */
record StoragePart(
    MachineId id,
    Hardware hardware,
    List<SnapshotPart> snapshots,
    @Nullable SnapshotId currentSnapshot,
    @Nullable String stateFile,
    Set<Medium> media) {

  record SnapshotPart(
      SnapshotId id, @Nullable SnapshotId parent, @Nullable String stateFile, Hardware hardware) {}

  static StoragePart of(MachineSettings settings) {
    return new StoragePart(
        settings.machine().id(),
        settings.machine().hardware(),
        settings.machine().snapshots().stream().map(StoragePart::of).toList(),
        settings.machine().currentSnapshot(),
        settings.machine().stateFile(),
        Set.copyOf(settings.media()));
  }

  private static SnapshotPart of(Snapshot snapshot) {
    return new SnapshotPart(
        snapshot.id(), snapshot.parent(), snapshot.stateFile(), snapshot.hardware());
  }
}
