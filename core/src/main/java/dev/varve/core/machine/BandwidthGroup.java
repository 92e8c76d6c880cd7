package dev.varve.core.machine;

/**
 * A limit that devices of a machine share.
 *
 * @param name unique in the machine, across both kinds
 * @param maxBytesPerSecond 0: no limit
 */
public record BandwidthGroup(String name, Kind kind, long maxBytesPerSecond) {

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
    if (maxBytesPerSecond < 0)
      throw new IllegalArgumentException("a limit of " + maxBytesPerSecond + " bytes is negative");
  }
}
