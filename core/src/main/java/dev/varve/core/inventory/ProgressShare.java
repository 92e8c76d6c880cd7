package dev.varve.core.inventory;

import dev.varve.core.medium.Progress;

/**
 * The progress of one of several parts of a job. Immutable; used by the job's thread.
 *
 * @param from where the part begins in the whole, in permille
 * @param to where it ends
 */
record ProgressShare(Progress whole, int from, int to) implements Progress {

  private static final int ALL = 1000;

  /** Part {@code index} of {@code count} equal ones of this share. */
  ProgressShare part(int index, int count) {
    int length = to - from;
    return new ProgressShare(
        whole, from + length * index / count, from + length * (index + 1) / count);
  }

  @Override
  public boolean at(long done, long total) {
    double share = total <= 0 ? 0 : Math.min(1.0, (double) done / total);
    return whole.at(from + (long) (share * (to - from)), ALL);
  }
}
