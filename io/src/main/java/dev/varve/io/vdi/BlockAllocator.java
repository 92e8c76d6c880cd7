package dev.varve.io.vdi;

import java.util.BitSet;

/**
 * Which places of an image file no block has. Places are numbered as in the block map; those below
 * {@link #count} are part of the file, and the last of them is used. Lower places are given out
 * first. Not thread safe.
 */
public final class BlockAllocator {

  private final int limit;
  private final BitSet unused;
  private final BitSet stale;
  private int count;

  /**
   * @param limit how many places the format allows: one per block
   * @param count one more than the highest place that is part of the file
   * @param unused those below {@code count} that no entry names
   * @param fileEnd how many places the file has room for; what lies there and is not used is what a
   *     crash left
   */
  BlockAllocator(int limit, int count, BitSet unused, int fileEnd) {
    this.limit = limit;
    this.count = count;
    this.unused = unused;
    this.stale = (BitSet) unused.clone();
    if (fileEnd > count) stale.set(count, fileEnd);
    trim();
  }

  /** Takes the lowest place that is not used, or returns -1 if the format allows no more. */
  public int allocate() {
    int place = unused.nextSetBit(0);
    if (place >= 0) {
      unused.clear(place);
      return place;
    }
    return count < limit ? count++ : -1;
  }

  /** Gives a place back whose bytes are zero. */
  public void release(int place) {
    unused.set(place);
    trim();
  }

  /** Gives a place back whose bytes may be anything. */
  public void releaseStale(int place) {
    unused.set(place);
    stale.set(place);
    trim();
  }

  /**
   * Whether the place may still hold what a crash left there; asked once, by whoever is about to
   * use it.
   */
  public boolean takeStale(int place) {
    boolean was = stale.get(place);
    stale.clear(place);
    return was;
  }

  /** One more than the highest place that is given out: what the header must say at least. */
  public int count() {
    return count;
  }

  /** How many places below {@link #count} are not used. */
  public int unusedCount() {
    return unused.cardinality();
  }

  /** Which they are, in a set of its own. */
  public BitSet unusedPlaces() {
    return (BitSet) unused.clone();
  }

  /** Takes this place, which is not used. */
  public void take(int place) {
    assert unused.get(place) : "place " + place + " is in use";
    unused.clear(place);
  }

  /**
   * Drops the unused places at the end, so that {@link #count} falls to just above the highest used
   * one.
   */
  private void trim() {
    count = unused.previousClearBit(count - 1) + 1;
    unused.clear(count, Math.max(count, unused.length()));
  }
}
