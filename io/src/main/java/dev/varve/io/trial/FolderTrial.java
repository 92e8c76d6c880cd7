package dev.varve.io.trial;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.posix.Reflink;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the file system of a folder can do, each thing tried with a file that has no name there.
 * Immutable; making one blocks.
 */
public final class FolderTrial {

  /** What Varve and its users want of a file system. */
  public enum Ability {
    NEW_FILE,
    WRITE,
    SYNC,
    RESERVE,
    HOLES,
    LOCKS,
    REFLINKS,
    DIRECT_IO
  }

  private static final int BLOCK = 1 << 16;
  private static final int BLOCKS = 4;

  private final Map<Ability, String> failures = new EnumMap<>(Ability.class);

  private FolderTrial() {}

  /** Tries everything that is possible in a folder, and leaves nothing there. */
  public static FolderTrial of(Path folder) {
    var trial = new FolderTrial();
    try {
      int fd = newFile(folder);
      try {
        trial.tryWith(fd, folder);
      } finally {
        Posix.close(fd);
      }
    } catch (IOException e) {
      trial.failures.put(Ability.NEW_FILE, words(e));
    }
    return trial;
  }

  /** Why something is not possible; null if it is, or was not tried because no file can be made. */
  public @Nullable String failure(Ability ability) {
    return failures.get(ability);
  }

  /** Something that throws if it is not possible. */
  private interface Attempt {
    void make(int fd, Arena arena) throws IOException;
  }

  private void tryWith(int fd, Path folder) {
    attempt(Ability.WRITE, fd, FolderTrial::write);
    if (failures.containsKey(Ability.WRITE)) return; // the rest would tell the same
    attempt(Ability.SYNC, fd, (file, _) -> Posix.fdatasync(file));
    attempt(Ability.RESERVE, fd, FolderTrial::reserve);
    attempt(Ability.HOLES, fd, FolderTrial::punch);
    attempt(Ability.LOCKS, fd, FolderTrial::lock);
    attempt(Ability.REFLINKS, fd, (file, _) -> reflink(file, folder));
    attempt(Ability.DIRECT_IO, fd, FolderTrial::direct);
  }

  private void attempt(Ability ability, int fd, Attempt attempt) {
    try (Arena arena = Arena.ofConfined()) {
      attempt.make(fd, arena);
    } catch (IOException e) {
      failures.put(ability, words(e));
    }
  }

  private static String words(IOException e) {
    return String.valueOf(e.getMessage());
  }

  /** Without a name, so that even a kill leaves none; else without one from now on. */
  private static int newFile(Path folder) throws IOException {
    int flags = Posix.O_RDWR | Posix.O_CLOEXEC;
    try {
      return Posix.open(folder, flags | Posix.O_TMPFILE, 0600);
    } catch (PosixException e) {
      boolean unknown = e.notSupported() || e.errno() == Posix.EISDIR || e.errno() == Posix.EINVAL;
      if (!unknown) throw e;
    }
    Path named = folder.resolve(".varve-trial-" + UUID.randomUUID());
    int fd = Posix.open(named, flags | Posix.O_CREAT | Posix.O_EXCL, 0600);
    try {
      Files.delete(named);
      return fd;
    } catch (IOException e) {
      Posix.close(fd);
      throw e;
    }
  }

  /** Another descriptor of the same file, which has no name. */
  private static int again(int fd, int flags) throws PosixException {
    return Posix.open(Path.of("/proc/self/fd/" + fd), flags | Posix.O_CLOEXEC, 0);
  }

  private static void write(int fd, Arena arena) throws IOException {
    MemorySegment block = arena.allocate(BLOCK, Posix.PAGE_SIZE);
    block.fill((byte) 1);
    for (int i = 0; i < BLOCKS; i++) Posix.pwrite(fd, block, (long) i * BLOCK);
  }

  private static void reserve(int fd, Arena arena) throws IOException {
    Posix.fallocate(fd, Posix.FALLOC_FL_KEEP_SIZE, (long) BLOCKS * BLOCK, BLOCK);
  }

  private static void punch(int fd, Arena arena) throws IOException {
    Posix.fallocate(fd, Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE, BLOCK, BLOCK);
    MemorySegment read = arena.allocate(BLOCK);
    Posix.pread(fd, read, BLOCK);
    if (read.mismatch(arena.allocate(BLOCK)) >= 0)
      throw new IOException("a hole that was made does not read as zeroes");
    if (Posix.lseek(fd, 0, Posix.SEEK_HOLE) > BLOCK)
      throw new IOException("a hole that was made is not found again");
  }

  private static void lock(int fd, Arena arena) throws IOException {
    if (!Posix.lock(fd, Posix.F_WRLCK, 0, 1)) throw new IOException("a new file cannot be locked");
    int other = again(fd, Posix.O_RDWR);
    try {
      if (Posix.lock(other, Posix.F_WRLCK, 0, 1))
        throw new IOException("two writers have got the same lock");
    } finally {
      Posix.close(other);
    }
  }

  private static void reflink(int fd, Path folder) throws IOException {
    int copy = newFile(folder);
    try {
      Reflink.share(fd, copy);
    } finally {
      Posix.close(copy);
    }
  }

  private static void direct(int fd, Arena arena) throws IOException {
    int direct = again(fd, Posix.O_RDWR | Posix.O_DIRECT);
    try {
      MemorySegment block = arena.allocate(BLOCK, BLOCK);
      Posix.pread(direct, block, 0);
      Posix.pwrite(direct, block, 0);
    } finally {
      Posix.close(direct);
    }
  }
}
