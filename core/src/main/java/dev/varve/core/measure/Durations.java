package dev.varve.core.measure;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How often something took how long: counts in buckets from a microsecond to ten seconds, 20 for
 * each power of ten, and the sum. A bucket is at most 17 % wider than the one before. Immutable.
 */
public final class Durations {

  /** The bounds within a power of ten, in hundredths of it. All of 1, 2.5 and 5 are among them. */
  private static final int[] STEPS = {
    100, 110, 120, 135, 150, 175, 200, 225, 250, 275, 300, 350, 400, 450, 500, 550, 600, 700, 800,
    900
  };

  private static final int POWERS = 7;
  private static final long MICROSECOND = 1_000;

  /** The longest duration of each bucket but the last. */
  private static final long[] BOUNDS = bounds();

  static final int BUCKETS = BOUNDS.length + 1;

  /** For the leading bits of a number, the first bucket that can be its own. */
  private static final int[] START = starts();

  /** Nothing was counted. */
  public static final Durations NONE = new Durations(new long[BUCKETS], 0);

  private final long[] counts;
  private final long sumNanos;

  Durations(long[] counts, long sumNanos) {
    this.counts = counts;
    this.sumNanos = sumNanos;
  }

  private static long[] bounds() {
    long[] bounds = new long[POWERS * STEPS.length + 1];
    long power = MICROSECOND;
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = power * STEPS[i % STEPS.length] / 100;
      if (i % STEPS.length == STEPS.length - 1) power *= 10;
    }
    return bounds;
  }

  private static int[] starts() {
    int[] starts = new int[leading(Long.MAX_VALUE) + 1];
    for (int i = 0; i < starts.length; i++) {
      int shift = (i >> 3) - 3;
      long least = shift < 0 ? 0 : (8L | i & 7) << shift;
      int bucket = 0;
      while (bucket < BOUNDS.length && least > BOUNDS[bucket]) bucket++;
      starts[i] = bucket;
    }
    return starts;
  }

  /** The place of the highest bit, and the three bits behind it. */
  private static int leading(long nanos) {
    int shift = 60 - Long.numberOfLeadingZeros(nanos | 8);
    return shift + 3 << 3 | (int) (nanos >>> shift) & 7;
  }

  /** In which bucket a duration counts; a negative one is none. */
  static int bucket(long nanos) {
    if (nanos <= MICROSECOND) return 0;
    int bucket = START[leading(nanos)];
    while (bucket < BOUNDS.length && nanos > BOUNDS[bucket]) bucket++;
    return bucket;
  }

  /** The same with those of another counter. */
  public Durations plus(Durations other) {
    return with(other, 1);
  }

  /** What has come since {@code earlier}, which the same counter has counted. */
  public Durations since(Durations earlier) {
    return with(earlier, -1);
  }

  private Durations with(Durations other, int sign) {
    long[] sums = counts.clone();
    for (int i = 0; i < sums.length; i++) sums[i] += sign * other.counts[i];
    return new Durations(sums, sumNanos + sign * other.sumNanos);
  }

  /**
   * The counts of the buckets that are not empty, by the longest duration of each; {@link
   * Long#MAX_VALUE} for the last. {@link #of} makes the same of it again.
   */
  public SortedMap<Long, Long> buckets() {
    var buckets = new TreeMap<Long, Long>();
    for (int i = 0; i < BUCKETS; i++)
      if (counts[i] != 0) buckets.put(i < BOUNDS.length ? BOUNDS[i] : Long.MAX_VALUE, counts[i]);
    return buckets;
  }

  /** What {@link #buckets} and {@link #sumNanos} have told. */
  public static Durations of(Map<Long, Long> buckets, long sumNanos) {
    long[] counts = new long[BUCKETS];
    buckets.forEach((bound, count) -> counts[bucket(bound)] += count);
    return new Durations(counts, sumNanos);
  }

  public long count() {
    long sum = 0;
    for (long count : counts) sum += count;
    return sum;
  }

  public long sumNanos() {
    return sumNanos;
  }

  /**
   * How many took at most so long.
   *
   * @param nanos 1, 2.5 or 5 times a power of ten, from a microsecond to ten seconds: between the
   *     bounds of buckets nothing is known
   */
  public long upTo(long nanos) {
    int last = bucket(nanos);
    if (BOUNDS[last] != nanos) throw new IllegalArgumentException(nanos + " ns is no bound");
    long sum = 0;
    for (int i = 0; i <= last; i++) sum += counts[i];
    return sum;
  }

  /**
   * The duration that this part of all did not exceed, as exactly as the buckets tell; 0 if there
   * is none.
   *
   * @param part from 0 to 1
   */
  public long percentileNanos(double part) {
    double wanted = part * count();
    long below = 0;
    for (int i = 0; i < BUCKETS; i++) {
      if (counts[i] > 0 && below + counts[i] >= wanted) {
        long least = i == 0 ? 0 : BOUNDS[i - 1];
        long most = i == BOUNDS.length ? least : BOUNDS[i];
        return least + Math.round((most - least) * ((wanted - below) / counts[i]));
      }
      below += counts[i];
    }
    return 0;
  }
}
