package dev.varve.core.journal;

import dev.varve.core.device.FailureWords;
import dev.varve.core.medium.ImageFiles;
import dev.varve.core.medium.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether a state folder can be written, and still is the one that was opened.
 *
 * <p>A look costs three calls of the system. Only where they, or a write that failed, give reason
 * to doubt, something is written to find out. Thread safe.
 */
final class FolderWatch {

  /** What a change needs at least: a folder and a file of settings, and their journal. */
  private static final int NEEDED_BYTES = 64 << 10;

  private static final int NEEDED_FILES = 4;

  private final Path folder;
  private final ImageFiles images;
  private final HostFiles host;
  private final FolderLock lock;
  private final Consumer<@Nullable String> listener;
  private final @Nullable Object identity;
  private @Nullable Object lockIdentity;
  private boolean doubted = true;

  /**
   * @param listener hears after each look why nothing can be saved; null if nothing is in the way
   */
  FolderWatch(
      Path folder,
      FolderLock lock,
      ImageFiles images,
      HostFiles host,
      Consumer<@Nullable String> listener) {
    this.folder = folder;
    this.listener = listener;
    this.lock = lock;
    this.images = images;
    this.host = host;
    this.identity = key(folder);
    noteLock();
  }

  /**
   * Which file has a name; null for none. The file of the lock is open here, so no other one gets
   * its number. When a file was made says nothing: not every file system knows it (NFS, ramfs).
   */
  private static @Nullable Object key(Path file) {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .fileKey();
    } catch (IOException _) {
      return null;
    }
  }

  private void noteLock() {
    Path file = lock.file();
    lockIdentity = file == null ? null : key(file);
  }

  /**
   * Refuses where nothing may be written, because the folder is another one than it was, or another
   * process may have it.
   */
  synchronized void checkOurs() throws IOException {
    String gone = gone();
    if (gone != null) throw new IOException(gone);
    lock.takeAlone();
    noteLock();
  }

  /** A write has failed: perhaps nothing can be written. */
  void doubt() {
    synchronized (this) {
      doubted = true;
    }
    look();
  }

  /** Looks, and tells. */
  void look() {
    listener.accept(problem());
  }

  private @Nullable String gone() {
    Object now = key(folder);
    if (now == null)
      return "the state folder %s is gone: it was removed, moved away or unmounted while Varve runs. Disks that are served go on, and nothing else can be changed; bring the folder back, or stop the server"
          .formatted(folder);
    if (!now.equals(identity))
      return "the state folder %s is not the folder with which Varve started. Disks that are served go on, and nothing else can be changed; bring the first folder back, or start the server again"
          .formatted(folder);
    Path file = lock.file();
    if (file != null && lockIdentity != null && !lockIdentity.equals(key(file)))
      return "the state folder %s was emptied while Varve runs: the file 'lock' is another one, or gone. Disks that are served go on, and nothing else can be changed; bring back what was in the folder, and start the server again"
          .formatted(folder);
    return null;
  }

  private synchronized @Nullable String problem() {
    String gone = gone();
    if (gone != null) return gone;
    try {
      Room room = images.room(folder);
      boolean doubt =
          doubted
              || room.readOnly()
              || room.bytes() < NEEDED_BYTES
              || room.files() < NEEDED_FILES
              || !Files.isWritable(folder);
      if (doubt) write();
      doubted = false;
      return null;
    } catch (IOException e) {
      doubted = true;
      return "nothing can be saved in the state folder %s: %s. Disks that are served go on, and changes of machines, media and snapshots are refused until the folder can be written"
          .formatted(folder, FailureWords.of(e));
    }
  }

  /** Writes as much as a change may need, and deletes it again. */
  private void write() throws IOException {
    Path journal = folder.resolve("journal");
    Path place = Files.isDirectory(journal) ? journal : folder;
    var trial = new DurableFile(place.resolve("trial"), host);
    try {
      trial.stage(new byte[NEEDED_BYTES]);
    } finally {
      trial.unstageIfPossible();
    }
    checkOurs();
  }
}
