package dev.varve.core.machine;

import dev.varve.core.limit.BandwidthLimits;

/**
 * Limits that devices of a machine share. Immutable.
 *
 * @param name unique in the machine, across both kinds
 * @param limits VirtualBox knows {@link #maxBytesPerSecond()} only; the others are Varve's
 */
public record BandwidthGroup(String name, Kind kind, BandwidthLimits limits) {

  /** What the limit is for. */
  public enum Kind {
    DISK("Disk"),
    NETWORK("Network");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** The name in settings files, JSON and on the command line. */
    public String text() {
      return text;
    }
  }

  public BandwidthGroup {
    if (name.isEmpty()) throw new IllegalArgumentException("a bandwidth group needs a name");
    if (limits.burstNanos() % 1_000_000 != 0)
      throw new IllegalArgumentException(
          "a burst of "
              + limits.burstNanos()
              + " ns cannot be saved: a group's burst is whole milliseconds");
  }

  /** A group with VirtualBox's limit alone; 0: no limit. */
  public BandwidthGroup(String name, Kind kind, long maxBytesPerSecond) {
    this(name, kind, BandwidthLimits.ofBytes(maxBytesPerSecond));
  }

  /** For reads and writes together; 0: no limit. */
  public long maxBytesPerSecond() {
    return limits.bytesPerSecond();
  }

  /** The same with other limits. */
  public BandwidthGroup withLimits(BandwidthLimits limits) {
    return new BandwidthGroup(name, kind, limits);
  }
}
