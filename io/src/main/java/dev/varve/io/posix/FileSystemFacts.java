package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * What the kernel says of a mounted file system. One that has no bounds of its own (ramfs) says 0
 * for everything. Immutable.
 *
 * @param bytes its size
 * @param availableBytes what an ordinary user can still write
 * @param files how many there can be; 0 where it has no bound
 * @param availableFiles how many more an ordinary user can make
 */
public record FileSystemFacts(
    long bytes, long availableBytes, long files, long availableFiles, boolean readOnly) {

  // struct statvfs, the same on x86_64 and aarch64
  private static final long LENGTH = 112;
  private static final long FRAGMENT = 8;
  private static final long BLOCKS = 16;
  private static final long BLOCKS_AVAILABLE = 32;
  private static final long FILES = 40;
  private static final long FILES_AVAILABLE = 56;
  private static final long FLAGS = 72;
  private static final long ST_RDONLY = 1;

  private static final MethodHandle STATVFS = Posix.call("statvfs", JAVA_INT, ADDRESS, ADDRESS);

  /** Of the file system that holds a file or folder. */
  public static FileSystemFacts of(Path path) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(path.toString());
      MemorySegment facts = arena.allocate(LENGTH, 8);
      MemorySegment state = Posix.STATE.get();
      while ((int) STATVFS.invokeExact(state, name, facts) < 0)
        Posix.retryOrFail("statvfs", " " + path, state);
      long fragment = facts.get(JAVA_LONG, FRAGMENT);
      return new FileSystemFacts(
          facts.get(JAVA_LONG, BLOCKS) * fragment,
          facts.get(JAVA_LONG, BLOCKS_AVAILABLE) * fragment,
          facts.get(JAVA_LONG, FILES),
          facts.get(JAVA_LONG, FILES_AVAILABLE),
          (facts.get(JAVA_LONG, FLAGS) & ST_RDONLY) != 0);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
