package dev.varve.io.storage;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Knows when everybody who was inside at some moment has left, without making them wait: {@link
 * #enter} and {@link #exit} are one atomic addition each.
 *
 * <p>Time is cut into epochs. Whoever enters is counted in the current one; an epoch ends only when
 * nobody of the one before it is left. So, two epochs after a moment, nobody from before it is
 * inside.
 */
public final class Grace {

  private static final int STRIPES = 16;
  private static final int PAD = 16; // longs: each counter has two cache lines of its own

  private final AtomicLongArray inside = new AtomicLongArray(2 * STRIPES * PAD);
  private volatile long epoch;

  /** Returns the ticket for {@link #exit}. */
  public int enter() {
    int stripe = (int) Thread.currentThread().threadId() & (STRIPES - 1);
    while (true) {
      long now = epoch;
      int ticket = slot(now, stripe);
      inside.getAndIncrement(ticket);
      if (epoch == now) return ticket;
      inside.getAndDecrement(
          ticket); // the epoch ended meanwhile: this count would not be waited for
    }
  }

  /** Leaves; from any thread. */
  public void exit(int ticket) {
    inside.getAndDecrement(ticket);
  }

  public long epoch() {
    return epoch;
  }

  /**
   * Whether nobody is inside any more who entered in epoch {@code since} or before. Ends epochs as
   * far as it can.
   */
  public boolean passed(long since) {
    while (epoch < since + 2) {
      if (!advance()) return false;
    }
    return true;
  }

  /** Waits until everybody who is inside now has left. */
  public void await() {
    long now = epoch;
    for (int spins = 0; !passed(now); spins++) {
      if (spins < 1000) Thread.onSpinWait();
      else LockSupport.parkNanos(spins < 2000 ? 50_000 : 2_000_000);
    }
  }

  private synchronized boolean advance() {
    long now = epoch;
    for (int stripe = 0; stripe < STRIPES; stripe++) {
      if (inside.get(slot(now - 1, stripe)) != 0) return false;
    }
    epoch = now + 1;
    return true;
  }

  private static int slot(long epoch, int stripe) {
    return ((int) (epoch & 1) * STRIPES + stripe) * PAD;
  }
}
