package dev.varve.io.running;

import dev.varve.core.device.DiskTraffic;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A running machine and its disks. Whatever changes them holds the monitor of this object, which
 * asserts it. Looking needs no monitor, so that it does not wait for a disk that cannot be closed.
 */
final class RunningMachine {

  private final MachineId id;
  private final MachineLimits limits;
  private final MachineFailures failures;

  /** By slot, for as long as the machine runs: a medium that changes begins no new count. */
  private final Map<Slot, DiskTraffic> traffic = new ConcurrentHashMap<>();

  /**
   * Null for a disk that had to be closed and could not be opened again. A change makes a new map.
   */
  private volatile Map<Slot, @Nullable ServedSlot> disks = Map.of();

  private boolean stopped;

  RunningMachine(MachineId id, MachineLimits limits, MachineFailures failures) {
    this.id = id;
    this.limits = limits;
    this.failures = failures;
  }

  static IllegalStateException notRunning(MachineId id) {
    return new IllegalStateException("machine " + id + " is not running");
  }

  MachineId id() {
    return id;
  }

  MachineLimits limits() {
    return limits;
  }

  MachineFailures failures() {
    return failures;
  }

  /** Where it is counted what clients ask of the disk in a slot. */
  DiskTraffic traffic(Slot slot) {
    return traffic.computeIfAbsent(slot, _ -> new DiskTraffic());
  }

  // ---- looking

  /** The disks that are served. */
  List<ServedSlot> served() {
    List<ServedSlot> served = new ArrayList<>();
    forEach(
        (_, disk) -> {
          if (disk != null) served.add(disk);
        });
    return served;
  }

  void forEach(BiConsumer<Slot, @Nullable ServedSlot> action) {
    disks.forEach(action);
  }

  boolean hasDiskAt(Slot slot) {
    return disks.containsKey(slot);
  }

  /** The disk of a slot that has one; null while it is not served. */
  @Nullable ServedSlot at(Slot slot) {
    if (!hasDiskAt(slot))
      throw new IllegalStateException("machine " + id + " has no disk at " + slot);
    return disks.get(slot);
  }

  // ---- changing

  boolean isStopped() {
    assert Thread.holdsLock(this);
    return stopped;
  }

  /**
   * @throws IllegalStateException if it was stopped while the caller waited for the monitor
   */
  void checkRunning() {
    if (isStopped()) throw notRunning(id);
  }

  void stopped() {
    assert Thread.holdsLock(this);
    stopped = true;
  }

  /** Notes what a slot shows now: null if it is not served. */
  void put(Slot slot, @Nullable ServedSlot disk) {
    assert Thread.holdsLock(this);
    Map<Slot, @Nullable ServedSlot> changed = new LinkedHashMap<>(disks);
    changed.put(slot, disk);
    disks = changed;
  }

  void remove(Slot slot) {
    assert Thread.holdsLock(this);
    Map<Slot, @Nullable ServedSlot> changed = new LinkedHashMap<>(disks);
    changed.remove(slot);
    disks = changed;
  }
}
