package dev.varve.core.limit;

import java.util.function.ToLongFunction;

/**
 * What a group may do in a second; 0 means that there is no such limit. The limits in a sum hold
 * beside those for each direction. Immutable. {@link Limit} has their names.
 *
 * @param readBytesPerSecond 0 to {@link Long#MAX_VALUE}, like all of these
 * @param bytesPerSecond for reads and writes together
 * @param operationsPerSecond for requests of every kind together
 * @param burstNanos how long unused budget is kept: so many nanoseconds' worth of each limit may
 *     pass at once after a pause; {@link #SHORTEST_BURST} to {@link #LONGEST_BURST}
 */
public record BandwidthLimits(
    long readBytesPerSecond,
    long writeBytesPerSecond,
    long bytesPerSecond,
    long readOperationsPerSecond,
    long writeOperationsPerSecond,
    long operationsPerSecond,
    long burstNanos) {

  /** A millisecond; a shorter burst would lose the budget that accrues while a timer is late. */
  public static final long SHORTEST_BURST = 1_000_000;

  /** An hour. */
  public static final long LONGEST_BURST = 3_600_000_000_000L;

  /** A tenth of a second. */
  public static final long DEFAULT_BURST = 100_000_000;

  private static final long NANOS_PER_MILLISECOND = 1_000_000;

  /** Everything passes. */
  public static final BandwidthLimits NONE = ofBytes(0);

  public BandwidthLimits {
    check("bytes read", readBytesPerSecond);
    check("bytes written", writeBytesPerSecond);
    check("bytes", bytesPerSecond);
    check("operations that read", readOperationsPerSecond);
    check("operations that write", writeOperationsPerSecond);
    check("operations", operationsPerSecond);
    if (burstNanos < SHORTEST_BURST || burstNanos > LONGEST_BURST)
      throw new IllegalArgumentException(
          "a burst of " + burstNanos + " ns is not between 1 ms and an hour; 100 ms suits most");
  }

  private static void check(String what, long perSecond) {
    if (perSecond < 0)
      throw new IllegalArgumentException(
          "a limit of " + perSecond + " " + what + " per second is negative; 0 means no limit");
  }

  /** A limit for reads and writes together, as the model's groups have it. */
  public static BandwidthLimits ofBytes(long perSecond) {
    return new BandwidthLimits(0, 0, perSecond, 0, 0, 0, DEFAULT_BURST);
  }

  /**
   * Limits of these values.
   *
   * @param values gives each limit's value in the unit that its name ends with
   */
  public static BandwidthLimits of(ToLongFunction<Limit> values) {
    return new BandwidthLimits(
        values.applyAsLong(Limit.READ_BYTES),
        values.applyAsLong(Limit.WRITE_BYTES),
        values.applyAsLong(Limit.BYTES),
        values.applyAsLong(Limit.READ_OPERATIONS),
        values.applyAsLong(Limit.WRITE_OPERATIONS),
        values.applyAsLong(Limit.OPERATIONS),
        values.applyAsLong(Limit.BURST) * NANOS_PER_MILLISECOND);
  }

  /** A limit's value in the unit that its name ends with. */
  public long value(Limit limit) {
    return switch (limit) {
      case BYTES -> bytesPerSecond;
      case READ_BYTES -> readBytesPerSecond;
      case WRITE_BYTES -> writeBytesPerSecond;
      case OPERATIONS -> operationsPerSecond;
      case READ_OPERATIONS -> readOperationsPerSecond;
      case WRITE_OPERATIONS -> writeOperationsPerSecond;
      case BURST -> burstNanos / NANOS_PER_MILLISECOND;
    };
  }

  /** Whether there is any limit. */
  public boolean limitAnything() {
    return limitASum() || limitADirection();
  }

  boolean limitASum() {
    return (bytesPerSecond | operationsPerSecond) != 0;
  }

  boolean limitADirection() {
    return (readBytesPerSecond
            | writeBytesPerSecond
            | readOperationsPerSecond
            | writeOperationsPerSecond)
        != 0;
  }
}
