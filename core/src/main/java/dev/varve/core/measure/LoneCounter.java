package dev.varve.core.measure;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts for one thread at a time, so that an addition is a plain read and an opaque write and no
 * atomic instruction. Any thread reads it meanwhile.
 */
public final class LoneCounter {

  private final AtomicLong count = new AtomicLong();

  /** Adds to it; less than 0 takes away. */
  public void add(long more) {
    count.setOpaque(count.getPlain() + more);
  }

  /** Makes it this much, if it is less. */
  public void raiseTo(long atLeast) {
    if (count.getPlain() < atLeast) count.setOpaque(atLeast);
  }

  /** What was counted so far; the addition of this moment may be missing. */
  public long get() {
    return count.getOpaque();
  }
}
