package dev.varve.bench.compare;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * The requests that a client has under way, each in a slot: as many as it can have, all the time,
 * and how long each took. Used by one thread.
 */
final class BusySlots {

  /** How slots are used. */
  interface Exchange {
    /** Asks for something with each slot that is {@link #take free}. */
    void ask(long now) throws IOException;

    /**
     * Waits for answers and gives the slots of all that have come {@link #give back}.
     *
     * @return the time after the wait
     */
    long receive() throws IOException;
  }

  private final int[] free;
  private final long[] takenAt;
  private final LatencyHistogram latencies = new LatencyHistogram();
  private int freeCount;

  BusySlots(int depth) {
    free = new int[depth];
    for (int i = 0; i < depth; i++) free[i] = i;
    takenAt = new long[depth];
    freeCount = depth;
  }

  boolean hasFree() {
    return freeCount > 0;
  }

  /** A free slot. */
  int take(long now) {
    int slot = free[--freeCount];
    takenAt[slot] = now;
    return slot;
  }

  /** Its request is answered. */
  void give(int slot, long now) {
    latencies.add(now - takenAt[slot]);
    free[freeCount++] = slot;
  }

  /** Keeps all slots busy for a time; returns when all are free again, which does not count. */
  Load.Result keepBusy(Exchange exchange, double seconds) throws IOException {
    long begun = System.nanoTime();
    long end = begun + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    long now = begun;
    while (now < end) {
      exchange.ask(now);
      now = exchange.receive();
    }
    var result =
        new Load.Result(
            latencies.total(),
            (now - begun) / 1e9,
            latencies.percentile(50),
            latencies.percentile(99));
    while (freeCount < free.length) exchange.receive();
    return result;
  }
}
