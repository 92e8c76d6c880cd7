package dev.varve.core.testing;

import dev.varve.core.limit.BandwidthLimits;

/** Limits of one kind. */
public final class Limits {

  private Limits() {}

  /** A limit for the number of requests. */
  public static BandwidthLimits operations(long perSecond) {
    return new BandwidthLimits(0, 0, 0, 0, 0, perSecond, BandwidthLimits.DEFAULT_BURST);
  }

  /** A limit for reads and writes together. */
  public static BandwidthLimits bytes(long perSecond, long burstNanos) {
    return new BandwidthLimits(0, 0, perSecond, 0, 0, 0, burstNanos);
  }
}
