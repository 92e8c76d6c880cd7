package dev.varve.core.log;

/**
 * Bounds how many lines of one kind come in a period, and counts those that it keeps back, for the
 * next line to tell. Thread safe.
 */
public final class LineLimit {

  /** What {@link #admit} answers for a line that is kept back. */
  public static final long KEPT_BACK = -1;

  private final int lines;
  private final long periodNanos;
  private boolean begun;
  private long periodStart;
  private int admitted;
  private long keptBack;

  /**
   * @param lines at most so many in a period, at least 1
   */
  public LineLimit(int lines, long periodNanos) {
    this.lines = lines;
    this.periodNanos = periodNanos;
  }

  /**
   * Asks whether a line may be written now.
   *
   * @param nowNanos by a clock like {@link System#nanoTime}
   * @return {@link #KEPT_BACK}, or how many were kept back since the last line that was admitted
   */
  public synchronized long admit(long nowNanos) {
    if (!begun || nowNanos - periodStart >= periodNanos) {
      begun = true;
      periodStart = nowNanos;
      admitted = 0;
    }
    if (admitted == lines) {
      keptBack++;
      return KEPT_BACK;
    }
    admitted++;
    long before = keptBack;
    keptBack = 0;
    return before;
  }

  /**
   * How many were kept back in a period that is over, to be told in a line of their own, which
   * counts as one of the new period; 0 if there are none. They are not told again.
   */
  public synchronized long due(long nowNanos) {
    return keptBack == 0 || nowNanos - periodStart < periodNanos ? 0 : admit(nowNanos);
  }

  /** How many were kept back and not told, however long ago. They are not told again. */
  public synchronized long rest() {
    long before = keptBack;
    keptBack = 0;
    return before;
  }
}
