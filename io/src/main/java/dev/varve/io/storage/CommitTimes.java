package dev.varve.io.storage;

import dev.varve.core.measure.DurationCounter;
import dev.varve.core.measure.Durations;
import java.util.function.LongSupplier;

/** How long it takes to make what was written durable. Thread-safe. */
public final class CommitTimes {

  private final LongSupplier nanoClock;
  private final DurationCounter counter = new DurationCounter();

  public CommitTimes(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** The time at which a commit begins, for {@link #ended}. */
  public long begin() {
    return nanoClock.getAsLong();
  }

  /** A commit has succeeded. Locked: two stages of a disk may commit at the same time. */
  public synchronized void ended(long begunNanos) {
    counter.add(nanoClock.getAsLong() - begunNanos);
  }

  /** What was counted so far. Takes no lock. */
  public Durations durations() {
    return counter.durations();
  }
}
