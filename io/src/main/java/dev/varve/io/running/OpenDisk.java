package dev.varve.io.running;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.host.EmptyDrive;
import dev.varve.io.host.RawDisk;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device that is open, and the files behind it. */
final class OpenDisk {

  private final BlockDevice device;
  private final List<Path> opened;

  /** How many slots use it, and whether it is being closed: {@link OpenDisks} guards both. */
  int users = 1;

  boolean closing;

  private OpenDisk(BlockDevice device, List<Path> opened) {
    this.device = device;
    this.opened = opened;
  }

  /**
   * Opens the files of a disk.
   *
   * @param paths absolute, base first
   */
  static OpenDisk open(Disk disk, List<Path> paths, StorageThreads threads) throws IOException {
    if (paths.isEmpty()) return new OpenDisk(new EmptyDrive(), paths);
    BlockDevice device =
        switch (disk.format()) {
          case "VDI" -> LiveChain.open(paths, disk.readOnly(), threads);
          case "RAW" -> RawDisk.open(onlyOne(paths), disk.readOnly(), threads);
          default ->
              throw new IOException(
                  paths.getFirst()
                      + " has the format "
                      + disk.format()
                      + "; a machine is served from VDI and RAW: convert it first");
        };
    return new OpenDisk(device, paths);
  }

  private static Path onlyOne(List<Path> paths) throws IOException {
    if (paths.size() == 1) return paths.getFirst();
    throw new IOException(
        paths.getFirst()
            + " is a raw image with "
            + (paths.size() - 1)
            + " differencing images on it; only VDI images can have such: convert it first");
  }

  BlockDevice device() {
    return device;
  }

  /** The chain, if it is one of VDI images. */
  @Nullable LiveChain chain() {
    return device instanceof LiveChain chain ? chain : null;
  }

  /** Whether discarding gives space back to the host. */
  boolean givesSpaceBack() {
    return !(device instanceof RawDisk raw) || raw.givesSpaceBack();
  }

  /** The files now, base first; empty for an empty drive. */
  List<Path> paths() {
    LiveChain chain = chain();
    return chain == null ? opened : chain.paths();
  }

  /** Whether it is what a disk asks for. An empty drive is like no other. */
  boolean shows(List<Path> paths, boolean readOnly) {
    return !paths.isEmpty() && device.readOnly() == readOnly && paths.equals(paths());
  }
}
