package dev.varve.io.storage;

/**
 * How long the longest stay in a {@link ReaderEpochs} has lasted. Costs the readers nothing: each
 * look ends an epoch, and the next look sees whether all readers from before it have left. Used by
 * one thread at a time.
 */
final class Stay {

  private final ReaderEpochs epochs;

  /** Readers that entered in it, or before, were inside at {@link #lookedNanos}. */
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
   * @return for how many nanoseconds a reader has been inside at least; 0 if all have left that
   *     were inside at the last look
   */
  long look(long nowNanos) {
    if (!epochs.passed(epoch)) return Math.max(1, nowNanos - lookedNanos);
    epoch = epochs.epoch() - 1;
    lookedNanos = nowNanos;
    return 0;
  }
}
