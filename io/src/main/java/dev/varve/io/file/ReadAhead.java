package dev.varve.io.file;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Detects that a file is read in sequence, in time to fetch ahead.
 *
 * <p>Looks at windows of 256 KiB. A read that enters a window is sequential if at least half of the
 * window before was read lately, in whatever order and by whichever threads, or was fetched ahead.
 * So random reads, and many streams at once, are told apart without knowing the readers.
 * Thread-safe without locks: where two threads or two streams use the same slot, only a guess may
 * be lost.
 */
final class ReadAhead {
  /** How much to fetch: what a fast disk delivers in a millisecond or two. */
  static final long AHEAD = 4 << 20;

  private static final int WINDOW_BITS = 18;
  private static final long WINDOW = 1L << WINDOW_BITS;
  private static final long WINDOWS_AHEAD = AHEAD / WINDOW;
  private static final int SLOTS = 256;

  // A slot: the window's number, whether it was fetched, how many of its bytes were read (at most
  // all).
  private static final int NUMBER_SHIFT = WINDOW_BITS + 2;
  private static final long FETCHED = 2 * WINDOW;
  private static final long COUNT = FETCHED - 1;

  private final AtomicLongArray windows = new AtomicLongArray(SLOTS);

  /** Notes a read. Returns whether the {@link #AHEAD} bytes after it should be fetched now. */
  boolean read(long offset, long length) {
    if (length == 0) return false;
    long first = offset >>> WINDOW_BITS;
    long last = offset + length - 1 >>> WINDOW_BITS;
    boolean sequential = first > 0 && wasReadOrFetched(first - 1);
    boolean fetch = false;
    for (long window = Math.max(first, last - SLOTS + 1); window <= last; window++) {
      long from = Math.max(offset, window << WINDOW_BITS);
      long to = Math.min(offset + length, window + 1 << WINDOW_BITS);
      fetch |= enter(window, to - from);
    }
    if (!sequential || !fetch) return false;
    for (long window = last + 1; window <= last + WINDOWS_AHEAD; window++) {
      put(window, state(window) | FETCHED);
    }
    return true;
  }

  /**
   * Adds to the bytes read; true for the first of them, but half-way through what was fetched only.
   */
  private boolean enter(long window, long length) {
    long state = state(window);
    long count = state & COUNT;
    put(window, state & FETCHED | Math.min(count + length, WINDOW));
    return count == 0 && ((state & FETCHED) == 0 || window % (WINDOWS_AHEAD / 2) == 0);
  }

  private boolean wasReadOrFetched(long window) {
    long state = state(window);
    return (state & FETCHED) != 0 || (state & COUNT) >= WINDOW / 2;
  }

  private long state(long window) {
    long slot = windows.getOpaque((int) (window % SLOTS));
    return slot >>> NUMBER_SHIFT == window ? slot & (FETCHED | COUNT) : 0;
  }

  private void put(long window, long state) {
    windows.setOpaque((int) (window % SLOTS), window << NUMBER_SHIFT | state);
  }
}
