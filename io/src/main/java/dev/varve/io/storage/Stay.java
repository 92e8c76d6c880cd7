package dev.varve.io.storage;

/**
 * How long the longest stay in a {@link Grace} has lasted. Costs those inside nothing: whoever
 * looks ends an epoch and sees at the next look whether all have left that entered before it.
 */
final class Stay {

  private final Grace grace;

  /** Who entered in it, or before, was inside at {@link #lookedNanos}. */
  private long epoch;

  private long lookedNanos;

  Stay(Grace grace, long nowNanos) {
    this.grace = grace;
    this.lookedNanos = nowNanos;
    this.epoch = grace.epoch() - 1;
  }

  /**
   * Looks again. Called by one thread at a time, with time between two calls.
   *
   * @return for how many nanoseconds somebody has been inside at least; 0 if all have left that
   *     were inside at the last look
   */
  long look(long nowNanos) {
    if (!grace.passed(epoch)) return Math.max(1, nowNanos - lookedNanos);
    epoch = grace.epoch() - 1;
    lookedNanos = nowNanos;
    return 0;
  }
}
