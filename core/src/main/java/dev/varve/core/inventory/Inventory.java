package dev.varve.core.inventory;

import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The machines and media of a state folder, and everything that may be asked of them.
 *
 * <p><b>Threads.</b> Called by one thread at a time, and each call may block for disk I/O; only
 * {@link #view} and {@link Job} may be used by any thread at any time. Jobs run on the executor
 * that is passed in and take the inventory's lock for their first and last moments only.
 *
 * <p><b>Failures</b> are {@link dev.varve.core.medium.ModelException}s; whoever gets one finds the
 * inventory, the settings files and the disks as they were. A crash at any point leaves what was
 * before the call or what is after it.
 *
 * <p><b>Sessions.</b> Calls that change a machine name a {@link Session} by its id; there the
 * working copy changes, until {@link #save} or {@link #discard}.
 */
public final class Inventory implements AutoCloseable {

  /**
   * What the inventory takes from outside.
   *
   * @param jobs where long work runs
   */
  public record Surroundings(
      ImageFiles images,
      RunningDisks disks,
      InstantSource clock,
      Supplier<UUID> ids,
      Executor jobs) {}

  /** What becomes of a machine's media when it is unregistered. */
  public enum UnregisterMode {
    UNREGISTER_ONLY,
    DETACH_ALL_RETURN_NONE,
    DETACH_ALL_RETURN_HARD_DISKS_ONLY,
    FULL
  }

  public static Inventory open(Path stateFolder, Surroundings surroundings) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The present state; any thread. */
  public View view() {
    throw new UnsupportedOperationException();
  }

  /** All jobs of this run that are running, and the last hundred that ended. */
  public List<Job> jobs() {
    throw new UnsupportedOperationException();
  }

  // ---- machines and sessions

  /** Makes a machine without controllers, registered and saved. */
  public MachineId createMachine(String name) {
    throw new UnsupportedOperationException();
  }

  /** Registers the machine of a settings file; one that is registered is found again. */
  public MachineId openMachine(Path settingsFile) {
    throw new UnsupportedOperationException();
  }

  /** Forgets a machine; its files stay. Returns the media that the mode says. */
  public List<MediumId> unregister(MachineId machine, UnregisterMode mode) {
    throw new UnsupportedOperationException();
  }

  public Session lock(MachineId machine, LockType type) {
    throw new UnsupportedOperationException();
  }

  /** Ends a session; changes that were not saved are discarded. */
  public void unlock(String session) {
    throw new UnsupportedOperationException();
  }

  public void save(String session) {
    throw new UnsupportedOperationException();
  }

  public void discard(String session) {
    throw new UnsupportedOperationException();
  }

  // ---- controllers

  /**
   * @param type null for the default of the bus
   */
  public void addController(
      String session, String name, StorageBus bus, @Nullable ControllerType type) {
    throw new UnsupportedOperationException();
  }

  public void removeController(String session, String name) {
    throw new UnsupportedOperationException();
  }

  public void renameController(String session, String name, String newName) {
    throw new UnsupportedOperationException();
  }

  public void setControllerType(String session, String name, ControllerType type) {
    throw new UnsupportedOperationException();
  }

  public void setPortCount(String session, String name, int ports) {
    throw new UnsupportedOperationException();
  }

  public void setBootable(String session, String name, boolean value) {
    throw new UnsupportedOperationException();
  }

  public void setUseHostIoCache(String session, String name, boolean value) {
    throw new UnsupportedOperationException();
  }

  // ---- attachments

  /**
   * @param medium null for an empty drive
   */
  public void attach(String session, Slot slot, DeviceType type, @Nullable MediumId medium) {
    throw new UnsupportedOperationException();
  }

  public void detach(String session, Slot slot) {
    throw new UnsupportedOperationException();
  }

  /**
   * @param medium null to unmount
   * @param force also where the guest has locked the tray
   */
  public void mount(String session, Slot slot, @Nullable MediumId medium, boolean force) {
    throw new UnsupportedOperationException();
  }

  public void setPassthrough(String session, Slot slot, boolean value) {
    throw new UnsupportedOperationException();
  }

  public void setTemporaryEject(String session, Slot slot, boolean value) {
    throw new UnsupportedOperationException();
  }

  public void setNonRotational(String session, Slot slot, boolean value) {
    throw new UnsupportedOperationException();
  }

  public void setDiscard(String session, Slot slot, boolean value) {
    throw new UnsupportedOperationException();
  }

  public void setHotPluggable(String session, Slot slot, boolean value) {
    throw new UnsupportedOperationException();
  }

  /**
   * @param group null for none
   */
  public void setBandwidthGroup(String session, Slot slot, @Nullable String group) {
    throw new UnsupportedOperationException();
  }

  // ---- bandwidth groups

  public void createBandwidthGroup(String session, BandwidthGroup group) {
    throw new UnsupportedOperationException();
  }

  public void deleteBandwidthGroup(String session, String name) {
    throw new UnsupportedOperationException();
  }

  /** Replaces the limits of the group of this name; in a running machine at once. */
  public void setBandwidthLimits(String session, BandwidthGroup group) {
    throw new UnsupportedOperationException();
  }

  /** How many attachments and network adapters of the working copy name the group. */
  public int bandwidthGroupReferences(MachineId machine, String name) {
    throw new UnsupportedOperationException();
  }

  // ---- snapshots

  public SnapshotId takeSnapshot(String session, String name, String description) {
    throw new UnsupportedOperationException();
  }

  public void restoreSnapshot(String session, SnapshotId snapshot) {
    throw new UnsupportedOperationException();
  }

  /** Refuses at once what cannot be; the merges then are the job's work. */
  public Job deleteSnapshot(String session, SnapshotId snapshot) {
    throw new UnsupportedOperationException();
  }

  // ---- a machine's life

  /**
   * Resets what must be reset, locks the media, opens and serves the disks.
   *
   * @return the URIs of each slot
   */
  public Map<Slot, List<String>> start(MachineId machine) {
    throw new UnsupportedOperationException();
  }

  /** Flushes, closes and releases; also cancels the machine's live merges. */
  public void powerDown(MachineId machine) {
    throw new UnsupportedOperationException();
  }

  /** The guest has opened the tray of a running machine's drive. */
  public void guestEject(MachineId machine, Slot slot) {
    throw new UnsupportedOperationException();
  }

  // ---- media

  /** Makes a base image of a hard disk and registers it. */
  public MediumId createMedium(
      Path location, String format, MediumVariant variant, long capacity, MediumType type) {
    throw new UnsupportedOperationException();
  }

  /** Registers an image that is there; one that is registered is found again. */
  public MediumId openMedium(Path location, DeviceType device) {
    throw new UnsupportedOperationException();
  }

  public MediumId createDiff(MediumId parent, Path location) {
    throw new UnsupportedOperationException();
  }

  /** Forgets a medium; its file stays. */
  public void closeMedium(MediumId medium) {
    throw new UnsupportedOperationException();
  }

  /** Forgets a medium and deletes its file. */
  public void deleteStorage(MediumId medium) {
    throw new UnsupportedOperationException();
  }

  public void resetMedium(MediumId medium) {
    throw new UnsupportedOperationException();
  }

  public void setMediumType(MediumId medium, MediumType type) {
    throw new UnsupportedOperationException();
  }

  public void setAutoReset(MediumId medium, boolean value) {
    throw new UnsupportedOperationException();
  }

  /** Looks at the file again. */
  public MediumState refreshState(MediumId medium) {
    throw new UnsupportedOperationException();
  }

  public Job mergeMedium(MediumId source, MediumId target) {
    throw new UnsupportedOperationException();
  }

  public Job cloneMedium(MediumId medium, Path location, String format, MediumVariant variant) {
    throw new UnsupportedOperationException();
  }

  /** Holds a medium for reading; returns what {@link #abandonLock} takes. */
  public String lockRead(MediumId medium) {
    throw new UnsupportedOperationException();
  }

  public String lockWrite(MediumId medium) {
    throw new UnsupportedOperationException();
  }

  public void abandonLock(String token) {
    throw new UnsupportedOperationException();
  }

  /** Ends all sessions, powers down what runs, and waits for jobs. */
  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
