package dev.varve.io.nbd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long turns of event loops took: how many there were of each length, and their sum.
 *
 * @param counts how many took at most the bound of the same index, and longer than the one before;
 *     the last, longer than all
 * @param sumNanos how long all of them took
 */
public record TurnTimes(List<Long> counts, long sumNanos) {

  private static final long[] BOUNDS_NANOS = {
    micros(100),
    micros(250),
    micros(500),
    micros(1000),
    micros(2500),
    micros(5000),
    micros(10_000),
    micros(25_000),
    micros(50_000),
    micros(100_000),
    micros(250_000),
    micros(500_000),
    micros(1_000_000),
    micros(2_500_000),
    micros(5_000_000),
    micros(10_000_000)
  };

  static final TurnTimes NONE = new TurnTimes(Collections.nCopies(BOUNDS_NANOS.length + 1, 0L), 0);

  private static long micros(long count) {
    return TimeUnit.MICROSECONDS.toNanos(count);
  }

  /** The bounds, shortest first, in nanoseconds; one less than there are counts. */
  public static long[] boundsNanos() {
    return BOUNDS_NANOS.clone();
  }

  /** Counts the turns of one loop: written by it alone, read by any thread. */
  static final class Counter {
    private final AtomicLongArray counts = new AtomicLongArray(BOUNDS_NANOS.length + 1);
    private final AtomicLong sumNanos = new AtomicLong();

    /** Nearly every turn is of the first kind. */
    void add(long nanos) {
      int index = 0;
      while (index < BOUNDS_NANOS.length && nanos > BOUNDS_NANOS[index]) index++;
      counts.setOpaque(index, counts.getPlain(index) + 1);
      sumNanos.setOpaque(sumNanos.getPlain() + nanos);
    }

    TurnTimes plus(TurnTimes others) {
      List<Long> sums = new ArrayList<>();
      for (int i = 0; i < counts.length(); i++) sums.add(others.counts.get(i) + counts.get(i));
      return new TurnTimes(sums, others.sumNanos + sumNanos.get());
    }
  }
}
