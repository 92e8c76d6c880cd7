package dev.varve.io.running;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.FailureTotals;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.machine.Slot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What the host could not carry out for the disks of one machine, by slot, since it was started.
 * Thread-safe; nothing blocks.
 */
final class MachineFailures {

  private final Map<Slot, DiskFailures> bySlot = new ConcurrentHashMap<>();
  private final LongSupplier nanoClock;

  MachineFailures(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Those of the disk's slot, which has this medium from now on. */
  DiskFailures of(Disk disk, OpenDisk open) {
    Supplier<String> image = () -> image(open);
    DiskFailures found = bySlot.get(disk.attachment().slot());
    if (found != null) found.medium(image);
    else
      bySlot.put(
          disk.attachment().slot(),
          found = new DiskFailures(ServedSlot.name(disk), image, nanoClock));
    return found;
  }

  private static String image(OpenDisk open) {
    return open.paths().isEmpty() ? "empty drive" : open.paths().getLast().toString();
  }

  /** Logs what is due. */
  void tick() {
    bySlot.values().forEach(DiskFailures::tick);
  }

  /** Logs what was not told yet. */
  void end() {
    bySlot.values().forEach(DiskFailures::end);
  }

  /** What has failed, of the slots of which anything has. */
  Map<Slot, List<DiskFailures.Count>> counts() {
    Map<Slot, List<DiskFailures.Count>> counts = new LinkedHashMap<>();
    bySlot.forEach(
        (slot, failures) -> {
          List<DiskFailures.Count> failed = failures.counts();
          if (!failed.isEmpty()) counts.put(slot, failed);
        });
    return counts;
  }

  /** Adds what has failed to what has failed in other machines. */
  void addTo(FailureTotals totals) {
    bySlot.values().forEach(totals::add);
  }
}
