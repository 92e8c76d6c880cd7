package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Files that share their blocks until one of them is written. Any thread; blocks. */
public final class Reflink {

  // linux/fs.h, the same number on x86_64 and aarch64.
  private static final long FICLONE = 0x4004_9409L;

  private static final MethodHandle IOCTL =
      Posix.variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);

  private Reflink() {}

  /**
   * Gives a file the contents of another one of the same file system, and the blocks that hold
   * them. Fails with {@code EOPNOTSUPP}, {@code ENOTTY} or {@code EINVAL} where the file system
   * cannot.
   *
   * @param source open for reading
   * @param target open for writing; its contents are replaced
   */
  public static void share(int source, int target) throws PosixException {
    try {
      MemorySegment state = Posix.STATE.get();
      while ((int) IOCTL.invokeExact(state, target, FICLONE, source) < 0)
        Posix.retryOrFail("ioctl", " FICLONE", state);
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
