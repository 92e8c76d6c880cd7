package dev.varve.core.machine;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A machine as it was last saved. Immutable.
 *
 * @param settingsFile absolute; its folder is the machine's folder
 * @param snapshotFolder where new differencing images go, as the settings file has it: relative to
 *     the machine's folder, or absolute
 * @param stateFile where the memory of a machine is that was saved while it ran, as the settings
 *     file names it; null if the machine is powered off
 * @param hardware the storage of the current state
 * @param snapshots in the order in which they stand in the settings file: parents first
 * @param currentSnapshot the one that the current state follows; null if there is none
 * @param currentStateModified whether the current state differs from the current snapshot
 * @param lastStateChange to the second
 */
public record Machine(
    MachineId id,
    String name,
    Path settingsFile,
    String snapshotFolder,
    @Nullable String stateFile,
    String chipset,
    Hardware hardware,
    List<Snapshot> snapshots,
    @Nullable SnapshotId currentSnapshot,
    boolean currentStateModified,
    Instant lastStateChange) {

  /** Where differencing images go, relative to the machine's folder, if nothing else is said. */
  public static final String USUAL_SNAPSHOT_FOLDER = "Snapshots";

  public Machine {
    snapshots = List.copyOf(snapshots);
  }

  /** Where new differencing images go; the usual folder if that is a path of Windows. */
  public Path snapshotPath() {
    return snapshotPath(settingsFile, snapshotFolder);
  }

  /** The same of a machine of which no more is known. */
  public static Path snapshotPath(Path settingsFile, String snapshotFolder) {
    var written = new WrittenPath(snapshotFolder);
    String folder = written.isOfWindows() ? USUAL_SNAPSHOT_FOLDER : written.slashed();
    return settingsFile.resolveSibling(folder).normalize();
  }

  /**
   * The file of a saved memory; for a path of Windows, the file of that name among the snapshots.
   *
   * @param stateFile as the settings file names it: relative to the machine's folder, or absolute
   * @return null for none, and for a name that no file of this system can have
   */
  public @Nullable Path statePath(@Nullable String stateFile) {
    if (stateFile == null) return null;
    var written = new WrittenPath(stateFile);
    try {
      if (written.isOfWindows()) return snapshotPath().resolve(written.fileName());
      return settingsFile.resolveSibling(written.slashed()).normalize();
    } catch (InvalidPathException _) {
      return null;
    }
  }

  /** The same by another name. */
  public Machine withName(String name) {
    return new Machine(
        id,
        name,
        settingsFile,
        snapshotFolder,
        stateFile,
        chipset,
        hardware,
        snapshots,
        currentSnapshot,
        currentStateModified,
        lastStateChange);
  }

  /** The same with another saved memory, or with none. */
  public Machine withStateFile(@Nullable String stateFile) {
    return new Machine(
        id,
        name,
        settingsFile,
        snapshotFolder,
        stateFile,
        chipset,
        hardware,
        snapshots,
        currentSnapshot,
        currentStateModified,
        lastStateChange);
  }

  /** The same with other storage in its current state. */
  public Machine withHardware(Hardware hardware, boolean currentStateModified) {
    return new Machine(
        id,
        name,
        settingsFile,
        snapshotFolder,
        stateFile,
        chipset,
        hardware,
        snapshots,
        currentSnapshot,
        currentStateModified,
        lastStateChange);
  }

  /** The same with other snapshots, and another one that the current state follows. */
  public Machine withSnapshots(
      List<Snapshot> snapshots, @Nullable SnapshotId currentSnapshot, Instant lastStateChange) {
    return new Machine(
        id,
        name,
        settingsFile,
        snapshotFolder,
        stateFile,
        chipset,
        hardware,
        snapshots,
        currentSnapshot,
        currentStateModified,
        lastStateChange);
  }

  /** The snapshot of this id, or null. */
  public @Nullable Snapshot snapshot(SnapshotId id) {
    return snapshots.stream().filter(snapshot -> snapshot.id().equals(id)).findFirst().orElse(null);
  }
}
