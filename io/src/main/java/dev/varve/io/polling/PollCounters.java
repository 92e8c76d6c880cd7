package dev.varve.io.polling;

import java.util.concurrent.atomic.AtomicLong;

/** Counts how one loop polls: written on that loop; read by any thread. */
final class PollCounters {

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicLong found = new AtomicLong();
  private final AtomicLong missed = new AtomicLong();

  /** It polled for so long and found work. */
  void found(long polledNanos) {
    add(nanos, polledNanos);
    add(found, 1);
  }

  /** It polled for so long in vain. */
  void missed(long polledNanos) {
    add(nanos, polledNanos);
    add(missed, 1);
  }

  /** One writer: no atomic addition is needed. */
  private static void add(AtomicLong counter, long value) {
    counter.setOpaque(counter.getPlain() + value);
  }

  PollTotals plus(PollTotals sum) {
    return new PollTotals(
        sum.nanos() + nanos.get(), sum.found() + found.get(), sum.missed() + missed.get());
  }
}
