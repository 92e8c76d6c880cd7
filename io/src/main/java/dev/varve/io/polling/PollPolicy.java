package dev.varve.io.polling;

/**
 * How long a loop that has nothing to do polls before it sleeps.
 *
 * <p>The time begins with nothing. It grows while work comes soon after the loop has run out of it,
 * so that polling finds the work or nearly does, and falls to nothing while work comes late: then
 * polling would only cost. Work that always comes just too late leads to a rest, and to a longer
 * one each time, since only a trial can tell that it comes sooner now.
 *
 * <p>Used on one loop.
 */
final class PollPolicy {

  /** The shortest time, as a part of the longest. */
  private static final int SHORTEST = 4;

  /**
   * Work counts as coming soon if it comes within so many times the longest time: the loop learns
   * of it after it was woken and has done the work, and without sleeping it would be sooner.
   */
  private static final int SOON = 2;

  private static final int LONGEST_REST = 1024;

  private final long mostNanos;
  private long nanos;

  /** So many times work has to come soon before the next trial. */
  private int rest = 1;

  private int nextRest = 2;

  /**
   * @param mostNanos the longest time; 0 for never
   */
  PollPolicy(long mostNanos) {
    this.mostNanos = mostNanos;
  }

  /** How long to poll the next time, in nanoseconds. */
  long nanos() {
    return nanos;
  }

  /** Polling has found work. */
  void found() {
    nanos = Math.min(mostNanos, 2 * nanos);
    nextRest = Math.max(1, nextRest / 2);
  }

  /**
   * The loop has slept, after polling in vain or without polling.
   *
   * @param awayNanos from when it had nothing to do until it had done what it was woken for
   */
  void slept(long awayNanos) {
    if (awayNanos > SOON * mostNanos) shrink();
    else if (nanos == mostNanos) rest();
    else if (nanos > 0) nanos = Math.min(mostNanos, 2 * nanos);
    else if (--rest <= 0) nanos = mostNanos / SHORTEST;
  }

  private void shrink() {
    nanos = nanos / 2 < mostNanos / SHORTEST ? 0 : nanos / 2;
  }

  private void rest() {
    nanos = 0;
    rest = nextRest;
    nextRest = Math.min(LONGEST_REST, 2 * nextRest);
  }
}
