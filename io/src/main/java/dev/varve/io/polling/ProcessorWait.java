package dev.varve.io.polling;

import java.util.function.LongSupplier;

/**
 * Whether threads wait for a processor, so that polling would take it from them. Looks at a counter
 * of the kernel now and then, and answers in between what it has seen last. Used on one loop.
 */
final class ProcessorWait {

  /** How long a look is good for. */
  static final long LOOK_NANOS = 20_000_000;

  /**
   * Threads wait while they do so in more than this part of the time. On a machine without other
   * work it is a tenth to a fifth: a client that asks for one request after the other and its
   * server wake each other on the same processor, and are moved apart a moment later.
   */
  private static final int PART = 4;

  private final LongSupplier waitedNanos;
  private boolean begun;
  private boolean waiting = true;
  private long lookedAt;
  private long waitedBefore;

  /**
   * @param waitedNanos how long threads have waited for a processor so far; {@link Long#MIN_VALUE}
   *     where the host does not tell
   */
  ProcessorWait(LongSupplier waitedNanos) {
    this.waitedNanos = waitedNanos;
  }

  /** Whether threads wait for a processor, as far as is known. */
  boolean isLong(long nowNanos) {
    if (begun && nowNanos - lookedAt < LOOK_NANOS) return waiting;
    long waited = waitedNanos.getAsLong();
    long time = nowNanos - lookedAt;
    waiting = !begun || waited == Long.MIN_VALUE || (waited - waitedBefore) * PART > time;
    begun = true;
    lookedAt = nowNanos;
    waitedBefore = waited;
    return waiting;
  }
}
