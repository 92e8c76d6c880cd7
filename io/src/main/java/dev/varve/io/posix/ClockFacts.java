package dev.varve.io.posix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** What the kernel says of its clock. Any thread; nothing blocks. */
public final class ClockFacts {

  // struct timex, the same on x86_64 and aarch64; modes = 0 only asks
  private static final long LENGTH = 208;
  private static final long STATUS = 40;
  private static final int STA_UNSYNC = 0x40;

  private static final MethodHandle ADJTIMEX = Posix.call("adjtimex", JAVA_INT, ADDRESS);

  private ClockFacts() {}

  /** Whether a program keeps the clock right, by another clock. */
  public static boolean isSynchronised() throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment timex = arena.allocate(LENGTH, Long.BYTES);
      MemorySegment state = Posix.STATE.get();
      while ((int) ADJTIMEX.invokeExact(state, timex) < 0) Posix.retryOrFail("adjtimex", "", state);
      return (timex.get(JAVA_INT, STATUS) & STA_UNSYNC) == 0;
    } catch (Throwable e) {
      throw Posix.passOn(e);
    }
  }
}
