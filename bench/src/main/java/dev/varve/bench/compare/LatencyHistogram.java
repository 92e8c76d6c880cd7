package dev.varve.bench.compare;

import java.util.Arrays;

/**
 * How often each latency occurred, to within 3 %: every power of two has 32 steps. Allocates only
 * when made.
 */
final class LatencyHistogram {

  private static final int STEP_BITS = 5;
  private static final int STEPS = 1 << STEP_BITS;

  private final long[] counts = new long[(Long.SIZE - STEP_BITS + 1) * STEPS];
  private long total;

  void add(long nanos) {
    counts[index(Math.max(0, nanos))]++;
    total++;
  }

  long total() {
    return total;
  }

  void clear() {
    Arrays.fill(counts, 0);
    total = 0;
  }

  /**
   * The latency that {@code percent} of the others do not exceed; 0 if there are none.
   *
   * @param percent from 0 to 100
   */
  long percentile(double percent) {
    long rank = Math.max(1, (long) Math.ceil(total * percent / 100));
    long seen = 0;
    for (int i = 0; i < counts.length && total > 0; i++) {
      seen += counts[i];
      if (seen >= rank) return value(i);
    }
    return 0;
  }

  /**
   * Below twice {@link #STEPS} every value has its own place; above, its leading bits choose it.
   */
  private static int index(long nanos) {
    int shift = Math.max(0, Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(nanos | 1));
    return shift * STEPS + (int) (nanos >>> shift);
  }

  /** The smallest latency with this index. */
  private static long value(int index) {
    int shift = Math.max(0, index / STEPS - 1);
    return (long) (index - shift * STEPS) << shift;
  }
}
