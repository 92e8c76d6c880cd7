package dev.varve.io.host;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts who uses a disk, so that it is let go only when the last has left. Entering and leaving
 * are one atomic addition each, from any thread.
 */
final class Users {

  /** Added when it is closed: makes every count negative. */
  private static final long CLOSED = Long.MIN_VALUE;

  private final AtomicLong inside = new AtomicLong();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Runnable whenUnused;

  /**
   * @param whenUnused called once, after {@link #close} and when nobody is inside; on any thread,
   *     and must not block
   */
  Users(Runnable whenUnused) {
    this.whenUnused = whenUnused;
  }

  /** False if it is closed: then there is nothing to leave. */
  boolean enter() {
    if (inside.getAndIncrement() >= 0) return true;
    leave();
    return false;
  }

  void leave() {
    if (inside.decrementAndGet() == CLOSED) end();
  }

  /** Lets nobody in any more. May be called again. */
  void close() {
    long before = inside.getAndUpdate(count -> count < 0 ? count : count + CLOSED);
    if (before == 0) end();
  }

  private void end() {
    if (ended.compareAndSet(false, true)) whenUnused.run();
  }
}
