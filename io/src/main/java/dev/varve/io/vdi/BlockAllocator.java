package dev.varve.io.vdi;

import java.util.BitSet;

/**
 * The file blocks of an image that no block uses. File blocks are numbered as in the block map.
 * Those below {@link #count} are part of the file, and the last of them is used. Lower file blocks
 * are given out first. Not thread-safe.
 */
public final class BlockAllocator {

  private final int limit;
  private final BitSet unused;
  private final BitSet stale;
  private int count;

  /**
   * @param limit how many file blocks the format allows: one per block
   * @param count one more than the highest file block that is part of the file
   * @param unused the file blocks below {@code count} that no entry names
   * @param fileEnd how many file blocks the file is long enough for; after a crash, unused ones may
   *     hold old data
   */
  BlockAllocator(int limit, int count, BitSet unused, int fileEnd) {
    this.limit = limit;
    this.count = count;
    this.unused = unused;
    this.stale = (BitSet) unused.clone();
    if (fileEnd > count) stale.set(count, fileEnd);
    trim();
  }

  /** Takes the lowest unused file block; returns -1 if the format allows no more. */
  public int allocate() {
    int fileBlock = unused.nextSetBit(0);
    if (fileBlock >= 0) {
      unused.clear(fileBlock);
      return fileBlock;
    }
    return count < limit ? count++ : -1;
  }

  /** Gives back a file block whose bytes are zero. */
  public void release(int fileBlock) {
    unused.set(fileBlock);
    trim();
  }

  /** Gives back a file block whose bytes may be anything. */
  public void releaseStale(int fileBlock) {
    unused.set(fileBlock);
    stale.set(fileBlock);
    trim();
  }

  /**
   * Whether a file block may hold old data, such as a crash leaves. Answers true once: the caller
   * must then clear the file block.
   */
  public boolean takeStale(int fileBlock) {
    boolean was = stale.get(fileBlock);
    stale.clear(fileBlock);
    return was;
  }

  /**
   * One more than the highest file block that is given out; the header's count must be at least
   * that.
   */
  public int count() {
    return count;
  }

  /** How many file blocks below {@link #count} are unused. */
  public int unusedCount() {
    return unused.cardinality();
  }

  /** The unused file blocks below {@link #count}, as a copy. */
  public BitSet unusedFileBlocks() {
    return (BitSet) unused.clone();
  }

  /** Takes this file block, which must be unused. */
  public void take(int fileBlock) {
    assert unused.get(fileBlock) : "file block " + fileBlock + " is in use";
    unused.clear(fileBlock);
  }

  /**
   * Drops the unused file blocks at the end, so that {@link #count} is one more than the highest
   * used one.
   */
  private void trim() {
    count = unused.previousClearBit(count - 1) + 1;
    unused.clear(count, Math.max(count, unused.length()));
  }
}
