package dev.varve.io.polling;

import dev.varve.core.measure.LoneCounter;

/** Counts how one loop polls: written on that loop; read by any thread. */
final class PollCounters {

  private final LoneCounter nanos = new LoneCounter();
  private final LoneCounter found = new LoneCounter();
  private final LoneCounter missed = new LoneCounter();

  /** It polled for so long and found work. */
  void found(long polledNanos) {
    nanos.add(polledNanos);
    found.add(1);
  }

  /** It polled for so long in vain. */
  void missed(long polledNanos) {
    nanos.add(polledNanos);
    missed.add(1);
  }

  PollTotals plus(PollTotals sum) {
    return new PollTotals(
        sum.nanos() + nanos.get(), sum.found() + found.get(), sum.missed() + missed.get());
  }
}
