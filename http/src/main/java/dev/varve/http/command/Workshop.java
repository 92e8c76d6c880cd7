package dev.varve.http.command;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A hidden folder in which something is made before it is moved out. Closing it deletes the folder
 * and everything left in it. If a process was killed, the next one deletes its folder, whose lock
 * is then free.
 */
final class Workshop implements AutoCloseable {

  private static final String LOCK = "lock";
  private static final Set<PosixFilePermission> OWNERS =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private final Path folder;
  private final FileChannel lock;

  private Workshop(Path folder, FileChannel lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * Makes one.
   *
   * @param parent a folder that is there
   * @param beginning of its name, which only such folders have
   */
  static Workshop in(Path parent, String beginning) throws IOException {
    Path folder = Files.createTempDirectory(parent, beginning);
    FileChannel lock =
        FileChannel.open(
            folder.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    var made = new Workshop(folder, lock);
    try {
      lock.lock();
      made.sweep(parent, beginning);
      return made;
    } catch (Throwable e) {
      made.close();
      throw e;
    }
  }

  Path folder() {
    return folder;
  }

  private void sweep(Path parent, String beginning) {
    try (var others = Files.newDirectoryStream(parent, beginning + "*")) {
      for (Path other : others) if (!other.equals(folder) && isOurs(other)) deleteUnused(other);
    } catch (IOException | DirectoryIteratorException _) {
      // It takes space and does no harm.
    }
  }

  /** Whether only this user can have put something there. */
  private boolean isOurs(Path other) throws IOException {
    return Files.isDirectory(other, LinkOption.NOFOLLOW_LINKS)
        && Files.getOwner(other, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(folder))
        && OWNERS.containsAll(Files.getPosixFilePermissions(other, LinkOption.NOFOLLOW_LINKS));
  }

  private static void deleteUnused(Path other) throws IOException {
    Path lock = other.resolve(LOCK);
    if (!Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS)) return; // it is just being made
    try (var channel = FileChannel.open(lock, StandardOpenOption.WRITE);
        var free = channel.tryLock()) {
      if (free != null) delete(other);
    } catch (OverlappingFileLockException _) {
      // This process works in it.
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> tree = Files.walk(folder)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
    }
  }

  @Override
  public void close() throws IOException {
    try (lock) {
      delete(folder);
    }
  }
}
