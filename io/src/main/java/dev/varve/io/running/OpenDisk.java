package dev.varve.io.running;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.ImageWork;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.EmptyDrive;
import dev.varve.io.host.RawDisk;
import dev.varve.io.posix.BlockDeviceFacts;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device that is open, and the files behind it. */
final class OpenDisk {

  private final BlockDevice device;
  private final List<Image> opened;

  /** Whether it was asked for so; a drive that is passed through may have to be all the same. */
  private final boolean readOnly;

  /** How many slots use it, and whether it is being closed: {@link OpenDisks} guards both. */
  int users = 1;

  boolean closing;

  OpenDisk(BlockDevice device, List<Image> opened, boolean readOnly) {
    this.device = device;
    this.opened = opened;
    this.readOnly = readOnly;
  }

  /**
   * Opens the files of a disk.
   *
   * @param disk with absolute paths
   * @param files opens what is only read
   */
  static OpenDisk open(Disk disk, SharedFiles files, StorageThreads threads) throws IOException {
    List<Image> images = disk.images();
    if (images.isEmpty()) return new OpenDisk(new EmptyDrive(), images, true);
    BlockDevice device =
        disk.format() == ImageFormat.HOST_DRIVE
            ? openDrive(images.getFirst().file(), disk, threads)
            : LiveChain.open(new ImageChain(images), disk.readOnly(), files, threads);
    return new OpenDisk(device, images, disk.readOnly());
  }

  /** A disc that is put into the drive later is there when the machine starts, or it is mounted. */
  private static BlockDevice openDrive(Path drive, Disk disk, StorageThreads threads)
      throws IOException {
    if (BlockDeviceFacts.capacityOf(drive) == 0) return new EmptyDrive();
    return disk.attachment().passthrough()
        ? RawDisk.openDirect(drive, threads)
        : RawDisk.open(drive, disk.readOnly(), threads);
  }

  BlockDevice device() {
    return device;
  }

  /** The chain of images; null for a drive of the host, and an empty one. */
  @Nullable LiveChain chain() {
    return device instanceof LiveChain chain ? chain : null;
  }

  /** Whether discarding gives space back to the host. */
  boolean givesSpaceBack() {
    return switch (device) {
      case LiveChain chain -> chain.givesSpaceBack();
      case RawDisk raw -> raw.givesSpaceBack();
      default -> false;
    };
  }

  /** How many bytes the host got back since it was opened. */
  long givenBack() {
    return switch (device) {
      case LiveChain chain -> chain.givenBack();
      case RawDisk raw -> raw.givenBack();
      default -> 0;
    };
  }

  /** Why one of its files takes no changes until it is opened again; null if each is intact. */
  @Nullable IOException damage() {
    return switch (device) {
      case LiveChain chain -> chain.damage();
      case RawDisk raw -> raw.damage();
      default -> null;
    };
  }

  /** What its images had to do since it was opened. */
  ImageWork work() {
    LiveChain chain = chain();
    return chain == null ? ImageWork.NONE : chain.work();
  }

  /** The files now, base first; empty for an empty drive. */
  List<Path> paths() {
    return images().stream().map(Image::file).toList();
  }

  /** The images now, base first; empty for an empty drive. */
  List<Image> images() {
    LiveChain chain = chain();
    return chain == null ? opened : chain.images().images();
  }

  /** Whether it is what a disk asks for. An empty drive is like no other. */
  boolean shows(List<Path> paths, boolean readOnly) {
    return !paths.isEmpty() && this.readOnly == readOnly && paths.equals(paths());
  }
}
