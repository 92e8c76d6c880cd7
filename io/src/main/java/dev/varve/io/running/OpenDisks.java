package dev.varve.io.running;

import dev.varve.core.device.Stages;
import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.medium.Image;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All devices that are open, each once however many slots show it. Thread-safe; every method may
 * block, but one device that cannot be opened or closed, because the host does not answer, keeps
 * only those waiting that ask for it.
 */
final class OpenDisks {

  /** Opens the files of a disk. */
  interface Opener {
    /**
     * @param disk with absolute paths
     */
    OpenDisk open(Disk disk) throws IOException;
  }

  private final Opener opener;
  private final List<OpenDisk> open = new ArrayList<>();

  /** What is being opened. */
  private final List<Opening> openings = new ArrayList<>();

  private record Opening(List<Path> paths, boolean readOnly) {}

  OpenDisks(StorageThreads threads) {
    var files = new SharedFiles();
    this.opener = disk -> OpenDisk.open(disk, files, threads);
  }

  OpenDisks(Opener opener) {
    this.opener = opener;
  }

  /** The device that a disk asks for, opened if it is not open; to be closed as often. */
  OpenDisk open(Disk wanted) throws IOException {
    Disk disk = normal(wanted);
    List<Path> paths = disk.chain();
    if (paths.isEmpty()) return opened(opener.open(disk)); // an empty drive is like no other
    var opening = new Opening(paths, disk.readOnly());
    synchronized (this) {
      OpenDisk found = find(opening);
      if (found != null) {
        found.users++;
        return found;
      }
      openings.add(opening);
    }
    try {
      return opened(opener.open(disk));
    } finally {
      synchronized (this) {
        openings.remove(opening);
        notifyAll();
      }
    }
  }

  /** The disk that has this image on top; null if there is none, or it is being closed. */
  synchronized @Nullable OpenDisk withTop(Path image) {
    Path wanted = image.toAbsolutePath().normalize();
    for (OpenDisk disk : open) {
      List<Path> paths = disk.paths();
      if (!disk.closing && !paths.isEmpty() && paths.getLast().equals(wanted)) return disk;
    }
    return null;
  }

  private synchronized OpenDisk opened(OpenDisk disk) {
    open.add(disk);
    return disk;
  }

  /** A disk with the paths of its files written in one way. */
  static Disk normal(Disk disk) {
    return disk.withImages(disk.images().stream().map(OpenDisks::normal).toList());
  }

  /** The same of an image. */
  static Image normal(Image image) {
    Path file = image.file().toAbsolutePath().normalize();
    return new Image(file, image.format(), image.id());
  }

  /** One that is being opened or closed is waited for: until then its files are locked. */
  private @Nullable OpenDisk find(Opening wanted) throws IOException {
    while (true) {
      OpenDisk found = null;
      for (OpenDisk disk : open) if (disk.shows(wanted.paths, wanted.readOnly)) found = disk;
      boolean waits = found == null ? openings.contains(wanted) : found.closing;
      if (!waits) return found;
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(
            "interrupted while " + wanted.paths + " was being opened or closed", e);
      }
    }
  }

  synchronized boolean isShared(OpenDisk disk) {
    return disk.users > 1;
  }

  /**
   * Lets a device go, and closes it if no other slot uses it. Everything that was acknowledged is
   * durable when this returns.
   *
   * @throws IOException it could not be made durable; it is let go all the same
   */
  void close(OpenDisk disk) throws IOException {
    IOException failure = null;
    boolean last = letGo(disk, true);
    if (!last) {
      try {
        Stages.join(
            disk.device().flush()); // while it is used here, so that no other user closes it
      } catch (IOException e) {
        failure = e;
      }
      last = letGo(disk, false);
    }
    if (last) closeForAll(disk);
    if (failure != null) throw failure;
  }

  /**
   * Counts one user less.
   *
   * @param onlyTheLast does nothing if there are others
   * @return whether it was the last one, which closes it now
   */
  private synchronized boolean letGo(OpenDisk disk, boolean onlyTheLast) {
    if (onlyTheLast && disk.users > 1) return false;
    disk.users--;
    disk.closing = disk.users == 0;
    return disk.closing;
  }

  private void closeForAll(OpenDisk disk) throws IOException {
    try {
      Stages.join(disk.device().close());
    } finally {
      synchronized (this) {
        open.remove(disk);
        notifyAll();
      }
    }
  }
}
