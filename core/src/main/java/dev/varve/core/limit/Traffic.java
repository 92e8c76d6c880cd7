package dev.varve.core.limit;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what passes and what waits. The rates of the last second are those of the second that is
 * running, filled up with the one before it in proportion. Guarded by the group's lock.
 */
final class Traffic {

  private static final long SECOND = 1_000_000_000;

  // Written under the lock, read without it.
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();
  private final AtomicLong operations = new AtomicLong();
  private final AtomicLong waitingRequests = new AtomicLong();
  private final AtomicLong waitingBytes = new AtomicLong();
  private final AtomicLong waitingSince = new AtomicLong();
  private final AtomicLong throttledNanos = new AtomicLong();

  /** The longest that was told: a counter that is read never goes back. */
  private final AtomicLong throttledTold = new AtomicLong();

  // Not guarded: counted when a request has been answered, on any thread.
  private final AtomicLong readAnswered = new AtomicLong();
  private final AtomicLong writtenAnswered = new AtomicLong();

  private long secondBegan;
  private long bytesAtBegin;
  private long operationsAtBegin;
  private long bytesInLastSecond;
  private long operationsInLastSecond;

  Traffic(long now) {
    secondBegan = now;
  }

  /** {@code sign} is -1 if what was counted did not pass after all. */
  void passed(Direction direction, int operations, long length, int sign, long now) {
    turnSecond(now);
    add(direction == Direction.READ ? bytesRead : bytesWritten, sign * length);
    add(this.operations, sign * operations);
  }

  /** So many bytes of what passed have been answered with success. Any thread, without the lock. */
  void answered(Direction direction, long bytes) {
    (direction == Direction.READ ? readAnswered : writtenAnswered).getAndAdd(bytes);
  }

  private void turnSecond(long now) {
    long elapsed = now - secondBegan;
    if (elapsed < SECOND) return;
    boolean justNow = elapsed < 2 * SECOND;
    long bytes = bytes();
    bytesInLastSecond = justNow ? bytes - bytesAtBegin : 0;
    operationsInLastSecond = justNow ? operations.getPlain() - operationsAtBegin : 0;
    bytesAtBegin = bytes;
    operationsAtBegin = operations.getPlain();
    secondBegan = justNow ? secondBegan + SECOND : now;
  }

  void beginsToWait(long length, long now) {
    if (waitingRequests.getPlain() == 0) waitingSince.setRelease(now);
    add(waitingRequests, 1);
    add(waitingBytes, length);
  }

  void waitsNoMore(long length, long now) {
    if (waitingRequests.getPlain() == 1) add(throttledNanos, now - waitingSince.getPlain());
    add(waitingRequests, -1);
    add(waitingBytes, -length);
  }

  /** One writer, which holds the lock: no atomic addition is needed. */
  private static void add(AtomicLong counter, long value) {
    counter.setRelease(counter.getPlain() + value);
  }

  private long bytes() {
    return bytesRead.getPlain() + bytesWritten.getPlain();
  }

  /** How many wait. Any thread, without the lock. */
  long waitingRequests() {
    return waitingRequests.getAcquire();
  }

  /**
   * How long anything has waited. Any thread, without the lock: what has waited until now may be
   * missing for a moment, and nothing is counted twice.
   */
  long throttledNanos(long now) {
    long before = throttledNanos.getAcquire();
    boolean waits = waitingRequests.getAcquire() > 0;
    long since = waitingSince.getAcquire();
    boolean same = throttledNanos.getAcquire() == before;
    long told = before + (waits && same ? Math.max(0, now - since) : 0);
    return throttledTold.accumulateAndGet(told, Math::max);
  }

  /** What was counted, without rates. Any thread, without the lock. */
  LimitStatistics counted(long now) {
    return new LimitStatistics(
        bytesRead.getAcquire(),
        bytesWritten.getAcquire(),
        readAnswered.get(),
        writtenAnswered.get(),
        operations.getAcquire(),
        waitingRequests.getAcquire(),
        waitingBytes.getAcquire(),
        throttledNanos(now),
        0,
        0);
  }

  LimitStatistics statistics(long now) {
    turnSecond(now);
    double before = 1 - (double) (now - secondBegan) / SECOND;
    long waiting = waitingRequests.getPlain();
    return new LimitStatistics(
        bytesRead.getPlain(),
        bytesWritten.getPlain(),
        readAnswered.get(),
        writtenAnswered.get(),
        operations.getPlain(),
        waiting,
        waitingBytes.getPlain(),
        throttledNanos.getPlain() + (waiting == 0 ? 0 : now - waitingSince.getPlain()),
        Math.round(bytesInLastSecond * before) + bytes() - bytesAtBegin,
        Math.round(operationsInLastSecond * before) + operations.getPlain() - operationsAtBegin);
  }
}
