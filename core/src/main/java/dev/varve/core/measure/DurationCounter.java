package dev.varve.core.measure;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts durations in the buckets of {@link Durations}. One thread at a time adds; any thread reads
 * while it does.
 *
 * <p>Own buckets and not a recorder of a histogram library: with one writer an addition is two
 * plain additions, where such a recorder needs two atomic ones to let its readers swap the
 * histogram.
 */
public final class DurationCounter {

  private final AtomicLongArray counts = new AtomicLongArray(Durations.BUCKETS);
  private final AtomicLong sumNanos = new AtomicLong();

  public void add(long nanos) {
    add(nanos, 1);
  }

  /** Adds the same duration several times. */
  public void add(long nanos, long times) {
    int bucket = Durations.bucket(nanos);
    counts.setOpaque(bucket, counts.getPlain(bucket) + times);
    sumNanos.setOpaque(sumNanos.getPlain() + nanos * times);
  }

  /** What was counted so far; additions of this moment may be missing in a part of it. */
  public Durations durations() {
    long[] copy = new long[Durations.BUCKETS];
    for (int i = 0; i < copy.length; i++) copy[i] = counts.getOpaque(i);
    return new Durations(copy, sumNanos.getOpaque());
  }
}
