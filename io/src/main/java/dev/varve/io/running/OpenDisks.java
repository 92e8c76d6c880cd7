package dev.varve.io.running;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All devices that are open, each once however many slots show it. Thread safe; every method may
 * block.
 */
final class OpenDisks {

  private final StorageThreads threads;
  private final SharedFiles files = new SharedFiles();
  private final List<OpenDisk> open = new ArrayList<>();

  OpenDisks(StorageThreads threads) {
    this.threads = threads;
  }

  /** The device that a disk asks for, opened if it is not open; to be closed as often. */
  synchronized OpenDisk open(Disk disk) throws IOException {
    List<Path> paths = paths(disk);
    OpenDisk found = find(paths, disk.readOnly());
    if (found == null) {
      found = OpenDisk.open(disk, paths, files, threads);
      open.add(found);
    } else {
      found.users++;
    }
    return found;
  }

  /** The files that a disk names, written in one way. */
  static List<Path> paths(Disk disk) {
    return disk.chain().stream().map(path -> path.toAbsolutePath().normalize()).toList();
  }

  /** One that is being closed is waited for: until then its files are locked. */
  private @Nullable OpenDisk find(List<Path> paths, boolean readOnly) throws IOException {
    while (true) {
      OpenDisk found = null;
      for (OpenDisk disk : open) if (disk.shows(paths, readOnly)) found = disk;
      if (found == null || !found.closing) return found;
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while " + paths + " was being closed", e);
      }
    }
  }

  synchronized boolean isShared(OpenDisk disk) {
    return disk.users > 1;
  }

  /**
   * Lets a device go, and closes it if nobody else uses it. Everything that was acknowledged is
   * durable when this returns.
   *
   * @throws IOException it could not be made durable; it is let go all the same
   */
  void close(OpenDisk disk) throws IOException {
    synchronized (this) {
      disk.users--;
      disk.closing = disk.users == 0;
    }
    if (!disk.closing) {
      Await.done(disk.device().flush());
      return;
    }
    try {
      Await.done(disk.device().close());
    } finally {
      synchronized (this) {
        open.remove(disk);
        notifyAll();
      }
    }
  }
}
