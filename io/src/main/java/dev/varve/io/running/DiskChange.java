package dev.varve.io.running;

import dev.varve.core.device.Stages;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.machine.Slot;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.function.LongSupplier;

/**
 * Changes one disk of a running machine: its flags, its limits or its medium. The caller holds the
 * machine's monitor; every method may block and none may run on an event loop.
 */
final class DiskChange {

  private final Publisher publisher;
  private final LongSupplier nanoClock;

  DiskChange(Publisher publisher, LongSupplier nanoClock) {
    this.publisher = publisher;
    this.nanoClock = nanoClock;
  }

  /** Makes a slot, which has a disk, serve this one. */
  void change(RunningMachine machine, Disk disk) throws IOException {
    Slot slot = disk.attachment().slot();
    ServedSlot before = machine.at(slot);
    if (before == null) machine.put(slot, publisher.openAndPublish(machine, disk));
    else if (before.hasMediumOf(disk)) machine.put(slot, changeFlags(machine, before, disk));
    else if (before.sharesAFileWith(disk)) replaceAfterClosing(machine, before, disk);
    else machine.put(slot, replace(machine, before, disk));
  }

  /** The device stays open; connections end only if they were told something else. */
  private ServedSlot changeFlags(RunningMachine machine, ServedSlot before, Disk disk)
      throws IOException {
    ServedSlot after =
        ServedSlot.of(
            disk, before.open(), before.export().failures(), before.export().traffic(), nanoClock);
    if (after.looksLike(before)) {
      after = before.with(disk);
      machine.limits().limit(after);
      return after;
    }
    Future<Void> unused = publisher.withdraw(machine, before);
    publishOr(machine, after, before);
    Stages.join(unused.toCompletionStage());
    return after;
  }

  private ServedSlot replace(RunningMachine machine, ServedSlot before, Disk disk)
      throws IOException {
    ServedSlot after = publisher.open(machine, disk);
    Future<Void> unused = publisher.withdraw(machine, before);
    try {
      publishOr(machine, after, before);
    } catch (Throwable e) {
      publisher.letGo(after);
      throw e;
    }
    Stages.join(unused.toCompletionStage());
    publisher.letGo(before);
    return after;
  }

  /** Publishes {@code after}, or again what was published before. */
  private void publishOr(RunningMachine machine, ServedSlot after, ServedSlot before)
      throws IOException {
    try {
      publisher.publish(machine, after);
    } catch (Throwable e) {
      publisher.publish(machine, before);
      throw e;
    }
  }

  /** The new disk needs a file, in another way, that the old one has locked. */
  private void replaceAfterClosing(RunningMachine machine, ServedSlot before, Disk disk)
      throws IOException {
    Slot slot = before.slot();
    Disk old = before.disk().withImages(before.open().images());
    machine.put(slot, null);
    Stages.join(publisher.withdraw(machine, before).toCompletionStage());
    publisher.letGo(before);
    try {
      machine.put(slot, publisher.openAndPublish(machine, disk));
    } catch (Throwable e) {
      try {
        machine.put(slot, publisher.openAndPublish(machine, old));
      } catch (IOException again) {
        publisher.end(before);
        e.addSuppressed(again);
      }
      throw e;
    }
  }
}
