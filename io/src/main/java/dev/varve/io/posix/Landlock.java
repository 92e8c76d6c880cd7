package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes rights to files from the calling thread and the threads that it starts, for ever: the
 * kernel then refuses what is not below the folders that were allowed, whatever name or link leads
 * there (landlock(7)). What {@link Posix#open} opens must be below those where everything is
 * allowed. Not thread-safe.
 */
public final class Landlock implements AutoCloseable {

  // LANDLOCK_ACCESS_FS_*
  private static final long WRITE_FILE = 1 << 1;
  private static final long READ_FILE = 1 << 2;
  private static final long READ_DIR = 1 << 3;
  private static final long REMOVE_DIR = 1 << 4;
  private static final long REMOVE_FILE = 1 << 5;
  private static final long MAKE_DIR = 1 << 7;
  private static final long MAKE_REG = 1 << 8;
  private static final long MAKE_SOCK = 1 << 9;
  private static final long MAKE_FIFO = 1 << 10;
  private static final long MAKE_SYM = 1 << 12;
  private static final long REFER = 1 << 13;
  private static final long TRUNCATE = 1 << 14;

  /** What a file can have, that is no folder. */
  private static final long OF_FILES = WRITE_FILE | READ_FILE | TRUNCATE;

  private static final long ALL =
      OF_FILES
          | READ_DIR
          | REMOVE_DIR
          | REMOVE_FILE
          | MAKE_DIR
          | MAKE_REG
          | MAKE_SOCK
          | MAKE_FIFO
          | MAKE_SYM
          | REFER;

  /** How much of what is below a folder is allowed. */
  public enum Right {
    READ(READ_FILE | READ_DIR),
    /** Makes sockets and folders, and removes them. */
    SOCKETS(READ_DIR | MAKE_SOCK | MAKE_DIR | REMOVE_FILE | REMOVE_DIR | REFER),
    EVERYTHING(ALL);

    private final long bits;

    Right(long bits) {
      this.bits = bits;
    }
  }

  // The same numbers on x86_64 and aarch64.
  private static final long CREATE_RULESET = 444;
  private static final long ADD_RULE = 445;
  private static final long RESTRICT_SELF = 446;
  private static final long VERSION = 1;
  private static final long PATH_BENEATH = 1;
  private static final int OLDEST = 2;
  private static final int WITH_TRUNCATE = 3;
  private static final int O_PATH = 0x200000;
  private static final int PR_SET_NO_NEW_PRIVS = 38;

  private static final MethodHandle SYSCALL =
      Posix.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle ADD =
      Posix.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final MethodHandle RESTRICT =
      Posix.variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle PRCTL =
      Posix.variadic("prctl", 1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private final int ruleset;
  private final long handled;
  private final List<Path> reach = new ArrayList<>();

  /**
   * Allows nothing yet.
   *
   * @throws UnsupportedOperationException this kernel cannot do it
   */
  public Landlock() throws PosixException {
    long version = version();
    if (version < OLDEST)
      throw new UnsupportedOperationException(
          "this kernel has no Landlock, or an old one: it needs Linux 5.19 or later, with 'landlock' in"
              + " /sys/kernel/security/lsm");
    handled = version < WITH_TRUNCATE ? ALL & ~TRUNCATE : ALL;
    try (Arena arena = Arena.ofConfined()) {
      ruleset = (int) create(arena.allocateFrom(JAVA_LONG, handled), Long.BYTES, 0);
    }
  }

  /** 0 if the kernel has none. */
  private static long version() {
    try {
      return create(MemorySegment.NULL, 0, VERSION);
    } catch (PosixException _) {
      return 0;
    }
  }

  private static long create(MemorySegment handled, long bytes, long flags) throws PosixException {
    MemorySegment state = Posix.STATE.get();
    try {
      long result;
      while ((result = (long) SYSCALL.invokeExact(state, CREATE_RULESET, handled, bytes, flags))
          < 0) Posix.retryOrFail("landlock_create_ruleset", "", state);
      return result;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  /**
   * Allows a folder and what is below it, or a file; links are followed now, and not later.
   *
   * @throws IOException if it cannot be opened
   */
  public Landlock allow(Path path, Right right) throws IOException {
    long bits = handled & (Files.isDirectory(path) ? right.bits : right.bits & OF_FILES);
    int fd = Posix.open(path, O_PATH | Posix.O_CLOEXEC, 0);
    MemorySegment state = Posix.STATE.get();
    try (Arena arena = Arena.ofConfined()) {
      // struct landlock_path_beneath_attr, packed: u64 allowed_access, s32 parent_fd
      MemorySegment rule = arena.allocate(16, Long.BYTES);
      rule.set(JAVA_LONG, 0, bits);
      rule.set(JAVA_INT, Long.BYTES, fd);
      while ((long) ADD.invokeExact(state, ADD_RULE, (long) ruleset, PATH_BENEATH, rule, 0L) < 0)
        Posix.retryOrFail("landlock_add_rule", " " + path, state);
      if (right == Right.EVERYTHING) reach.add(path.toRealPath());
      return this;
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    } finally {
      Posix.close(fd);
    }
  }

  /** From now on this thread, and each that it starts, has only what was allowed. */
  public void enforce() throws PosixException {
    MemorySegment state = Posix.STATE.get();
    try {
      while ((int) PRCTL.invokeExact(state, PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
        Posix.retryOrFail("prctl", " PR_SET_NO_NEW_PRIVS", state);
      while ((long) RESTRICT.invokeExact(state, RESTRICT_SELF, (long) ruleset, 0L) < 0)
        Posix.retryOrFail("landlock_restrict_self", "", state);
      Reach.confine(reach);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }

  @Override
  public void close() throws PosixException {
    Posix.close(ruleset);
  }
}
