package dev.varve.core.limit;

/**
 * What a group may do in a second; 0 means that there is no such limit. The limits in a sum hold
 * beside those for each direction.
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

  /** A millisecond: less, and what passes late because a timer is late would be lost. */
  public static final long SHORTEST_BURST = 1_000_000;

  /** An hour. */
  public static final long LONGEST_BURST = 3_600_000_000_000L;

  /** A tenth of a second. */
  public static final long DEFAULT_BURST = 100_000_000;

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

  /** A limit for the number of requests. */
  public static BandwidthLimits ofOperations(long perSecond) {
    return new BandwidthLimits(0, 0, 0, 0, 0, perSecond, DEFAULT_BURST);
  }

  /** These limits with another burst. */
  public BandwidthLimits withBurst(long nanos) {
    return new BandwidthLimits(
        readBytesPerSecond,
        writeBytesPerSecond,
        bytesPerSecond,
        readOperationsPerSecond,
        writeOperationsPerSecond,
        operationsPerSecond,
        nanos);
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
