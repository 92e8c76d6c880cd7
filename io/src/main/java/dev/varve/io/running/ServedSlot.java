package dev.varve.io.running;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.Export;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.inventory.ServedDisks.DiskLoad;
import dev.varve.core.inventory.ServedDisks.DiskStatus;
import dev.varve.core.limit.LimitedDevice;
import dev.varve.core.machine.Attachment;
import dev.varve.core.machine.Slot;
import dev.varve.io.file.FileSizes;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * A disk in a slot of a running machine: what the model says of it, the device that is open for it,
 * that device within the limits of this slot, and the export by which clients reach it.
 *
 * @param device never closed, for the open device may be other slots' too
 * @param export what clients were told; its description may name an image that is no longer on top
 */
record ServedSlot(Disk disk, OpenDisk open, LimitedDevice device, Export export) {

  /**
   * A disk without limits yet.
   *
   * @param failures those of the slot
   * @param traffic that of the slot
   */
  static ServedSlot of(
      Disk disk,
      OpenDisk open,
      DiskFailures failures,
      DiskTraffic traffic,
      LongSupplier nanoClock) {
    Attachment attachment = disk.attachment();
    List<Path> paths = open.paths();
    String name = name(disk);
    var device = new LimitedDevice(open.device(), name, nanoClock);
    String description = paths.isEmpty() ? "empty drive" : paths.getLast().toString();
    var export =
        new Export(
            name,
            description,
            device,
            disk.readOnly(),
            attachment.discard() && open.givesSpaceBack(),
            !attachment.nonRotational(),
            failures,
            traffic);
    return new ServedSlot(disk, open, device, export);
  }

  /** The same for clients, with other limits. */
  ServedSlot with(Disk disk) {
    return new ServedSlot(disk, open, device, export);
  }

  Slot slot() {
    return disk.attachment().slot();
  }

  DiskStatus status() {
    return new DiskStatus(open.device().readOnly(), open.givesSpaceBack(), open.givenBack());
  }

  DiskLoad load(FileSizes sizes, long nowNanos) {
    return new DiskLoad(
        export.name(),
        export.traffic().totals(),
        device.throttledNanos(nowNanos),
        device.waitingRequests(),
        sizes.of(open.paths()),
        open.work());
  }

  /** {@code machine/controller/port/device}: not as people write slots, because clients have it. */
  static String name(Disk disk) {
    Slot slot = disk.attachment().slot();
    return "%s/%s/%d/%d"
        .formatted(disk.machineName(), slot.controller(), slot.port(), slot.device());
  }

  /** Whether the medium that a disk asks for is the one that is open, for the same use. */
  boolean hasMediumOf(Disk other) {
    List<Path> paths = OpenDisks.normal(other).chain();
    return paths.isEmpty() ? open.paths().isEmpty() : open.shows(paths, other.readOnly());
  }

  /** Whether one of the files that a disk asks for is open here. */
  boolean sharesAFileWith(Disk other) {
    List<Path> paths = OpenDisks.normal(other).chain();
    return open.paths().stream().anyMatch(paths::contains);
  }

  /** Whether clients see no difference but in the description. */
  boolean looksLike(ServedSlot other) {
    return export.name().equals(other.export.name())
        && export.readOnly() == other.export.readOnly()
        && export.discard() == other.export.discard()
        && export.rotational() == other.export.rotational();
  }
}
