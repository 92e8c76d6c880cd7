package dev.varve.io.storage;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Epoch-based reclamation: tells when all readers of a given moment have left, without making them
 * wait. {@link #enter} and {@link #exit} cost one atomic addition each.
 *
 * <p>Time is cut into epochs. A reader is counted in the epoch in which it enters; an epoch ends
 * only when no reader of the one before it is left. So, two epochs after a moment, no reader from
 * before that moment is inside, and what only those readers could still see may be reused or
 * closed. (K. Fraser, "Practical lock-freedom", 2004, section 5.2.3. The idea is that of RCU's
 * grace periods; here each reader announces itself.)
 *
 * <p>Thread-safe. Only {@link #await} blocks.
 */
public final class ReaderEpochs {

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

  /** Leaves. Any thread may call this, not only the one that entered. */
  public void exit(int ticket) {
    inside.getAndDecrement(ticket);
  }

  /** The number of the current epoch. */
  public long epoch() {
    return epoch;
  }

  /**
   * Whether all readers that entered in epoch {@code since} or before have left. Ends epochs as far
   * as it can.
   */
  public boolean passed(long since) {
    while (epoch < since + 2) {
      if (!advance()) return false;
    }
    return true;
  }

  /** Waits until all readers that are inside now have left. */
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
