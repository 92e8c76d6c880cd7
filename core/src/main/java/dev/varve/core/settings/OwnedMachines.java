package dev.varve.core.settings;

import dev.varve.core.medium.Ownership;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The machines that this server alone may use: beside the settings file of each lies {@code
 * NAME.vbox.varve-lock}, locked while it is registered here. What counts is the lock, which the
 * kernel frees with this process, and not the file. It says which process holds the lock and for
 * which state folder.
 *
 * <p>Where no file can be made beside the settings, those cannot be changed either, and the machine
 * is used without a lock. Called by one thread at a time; may block.
 */
final class OwnedMachines implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(OwnedMachines.class.getName());

  private static final String ENDING = ".varve-lock";

  /** A lock has two words, of which one is a path. */
  private static final long LONGEST = 8192;

  /** Other servers come and go; where no file can be made at all, as in /proc, this ends. */
  private static final int MOST_TRIES = 100;

  private final Path stateFolder;
  private final Map<Path, FileChannel> locks = new HashMap<>();

  /** Those that are used without a lock; they are not asked for again, for the host may hang. */
  private final Set<Path> unlocked = new HashSet<>();

  OwnedMachines(Path stateFolder) {
    this.stateFolder = stateFolder;
  }

  /**
   * Makes a machine this server's; does nothing if it is.
   *
   * @throws SettingsException if another server has it, and says which; or if something else has
   *     the name of the lock
   */
  void own(Path settingsFile) throws IOException {
    if (locks.containsKey(settingsFile) || unlocked.contains(settingsFile)) return;
    FileChannel channel = null;
    if (Files.isDirectory(settingsFile.resolveSibling(""))) channel = open(lockOf(settingsFile));
    if (channel != null) locks.put(settingsFile, channel);
    else unlocked.add(settingsFile);
  }

  /** Lets others have all machines but these. */
  void retain(Collection<Path> settingsFiles) {
    Set<Path> others = new HashSet<>(locks.keySet());
    others.removeAll(settingsFiles);
    others.forEach(this::release);
    unlocked.retainAll(settingsFiles);
  }

  private static Path lockOf(Path settingsFile) {
    return settingsFile.resolveSibling(settingsFile.getFileName() + ENDING);
  }

  /** Locks the file; null where it cannot be made. */
  private @Nullable FileChannel open(Path file) throws IOException {
    Path folder = Objects.requireNonNull(file.getParent());
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      Object before = key(file);
      FileChannel channel;
      try {
        channel =
            FileChannel.open(
                file,
                before == null ? StandardOpenOption.CREATE_NEW : StandardOpenOption.WRITE,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
      } catch (FileAlreadyExistsException | NoSuchFileException e) {
        if (!Files.isDirectory(folder)) return null; // the settings have vanished with it
        continue; // another server came or went just now
      } catch (FileSystemException e) {
        return unlocked(file, e);
      }
      try {
        Object opened = key(file);
        boolean same = opened != null && (before == null || opened.equals(before));
        if (same && !isLocked(channel)) throw inUse(file);
        // A server that ended meanwhile has removed the file: then what is locked has no name.
        if (same && Objects.equals(opened, key(file))) {
          if (before == null) Ownership.inherit(folder, file); // after a kill it stays
          sign(channel);
          return channel;
        }
      } catch (Throwable e) {
        channel.close();
        throw e;
      }
      channel.close();
    }
    return unlocked(file, new FileSystemException(file.toString(), null, "it comes and goes"));
  }

  private static @Nullable FileChannel unlocked(Path file, FileSystemException why) {
    LOG.log(
        Level.DEBUG, "{0} cannot be made, and its machine is used without a lock: {1}", file, why);
    return null;
  }

  /**
   * Which file has this name; null for none.
   *
   * @throws SettingsException if it is none that a server has made: writing into it would destroy
   *     what another user has put there, or a link to it
   */
  private static @Nullable Object key(Path file) throws IOException {
    try {
      Map<String, Object> facts =
          Files.readAttributes(
              file, "unix:fileKey,isRegularFile,size,nlink", LinkOption.NOFOLLOW_LINKS);
      boolean own =
          Boolean.TRUE.equals(facts.get("isRegularFile"))
              && Objects.equals(facts.get("nlink"), 1)
              && facts.get("size") instanceof Long size
              && size <= LONGEST;
      if (!own)
        throw new SettingsException(
            "'%s' has the name of a lock, and is none that Varve has made; move it away"
                .formatted(file));
      return facts.get("fileKey");
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Writes which process has it, for people. */
  private void sign(FileChannel channel) {
    String text = "%d %s\n".formatted(ProcessHandle.current().pid(), stateFolder);
    try {
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a lock does not say whose it is: {0}", e);
    }
  }

  private static SettingsException inUse(Path file) throws IOException {
    String[] holder = Files.readString(file, StandardCharsets.UTF_8).strip().split(" ", 2);
    return new SettingsException(
        holder.length == 2
            ? "it is registered by another server of Varve, process %s with the state folder %s; use that one, or stop it or unregister the machine there"
                .formatted(holder[0], holder[1])
            : "it is registered by another server of Varve; use that one, or stop it or unregister the machine there");
  }

  private void release(Path settingsFile) {
    FileChannel channel = locks.remove(settingsFile);
    if (channel == null) return;
    try (channel) {
      Files.deleteIfExists(lockOf(settingsFile)); // while it is locked: the next one makes its own
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "the lock of {0} stays as a file: {1}", settingsFile, e);
    }
  }

  @Override
  public void close() {
    retain(Set.of());
  }
}
