package dev.varve.io.storage;

/**
 * How long the longest stay in a {@link ReaderEpochs} has lasted. Costs those inside nothing:
 * whoever looks ends an epoch and sees at the next look whether all have left that entered before
 * it.
 */
final class Stay {

  private final ReaderEpochs epochs;

  /** Who entered in it, or before, was inside at {@link #lookedNanos}. */
  private long epoch;

  private long lookedNanos;

  Stay(ReaderEpochs epochs, long nowNanos) {
    this.epochs = epochs;
    this.lookedNanos = nowNanos;
    this.epoch = epochs.epoch() - 1;
  }

  /**
   * Looks again. Called by one thread at a time, with time between two calls.
   *
   * @return for how many nanoseconds somebody has been inside at least; 0 if all have left that
   *     were inside at the last look
   */
  long look(long nowNanos) {
    if (!epochs.passed(epoch)) return Math.max(1, nowNanos - lookedNanos);
    epoch = epochs.epoch() - 1;
    lookedNanos = nowNanos;
    return 0;
  }
}
