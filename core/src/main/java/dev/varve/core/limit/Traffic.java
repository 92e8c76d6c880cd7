package dev.varve.core.limit;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts what passes and what waits. The rates of the last second are those of the second that is
 * running, filled up with the one before it in proportion. Guarded by the group's lock.
 */
final class Traffic {

  private static final long SECOND = 1_000_000_000;

  private long bytesRead;
  private long bytesWritten;
  private long operations;

  // Not guarded: counted when a request has been answered, on any thread.
  private final AtomicLong readAnswered = new AtomicLong();
  private final AtomicLong writtenAnswered = new AtomicLong();

  private long secondBegan;
  private long bytesAtBegin;
  private long operationsAtBegin;
  private long bytesInLastSecond;
  private long operationsInLastSecond;

  private long waitingRequests;
  private long waitingBytes;
  private long waitingSince;
  private long throttledNanos;

  Traffic(long now) {
    secondBegan = now;
  }

  /** {@code sign} is -1 if what was counted did not pass after all. */
  void passed(Direction direction, int operations, long length, int sign, long now) {
    turnSecond(now);
    if (direction == Direction.READ) bytesRead += sign * length;
    else bytesWritten += sign * length;
    this.operations += sign * operations;
  }

  /** So many bytes of what passed have been answered with success. Any thread, without the lock. */
  void answered(Direction direction, long bytes) {
    (direction == Direction.READ ? readAnswered : writtenAnswered).getAndAdd(bytes);
  }

  private void turnSecond(long now) {
    long elapsed = now - secondBegan;
    if (elapsed < SECOND) return;
    boolean justNow = elapsed < 2 * SECOND;
    long bytes = bytesRead + bytesWritten;
    bytesInLastSecond = justNow ? bytes - bytesAtBegin : 0;
    operationsInLastSecond = justNow ? operations - operationsAtBegin : 0;
    bytesAtBegin = bytes;
    operationsAtBegin = operations;
    secondBegan = justNow ? secondBegan + SECOND : now;
  }

  void beginsToWait(long length, long now) {
    if (waitingRequests++ == 0) waitingSince = now;
    waitingBytes += length;
  }

  void waitsNoMore(long length, long now) {
    if (--waitingRequests == 0) throttledNanos += now - waitingSince;
    waitingBytes -= length;
  }

  LimitStatistics statistics(long now) {
    turnSecond(now);
    double before = 1 - (double) (now - secondBegan) / SECOND;
    return new LimitStatistics(
        bytesRead,
        bytesWritten,
        readAnswered.get(),
        writtenAnswered.get(),
        operations,
        waitingRequests,
        waitingBytes,
        throttledNanos + (waitingRequests == 0 ? 0 : now - waitingSince),
        Math.round(bytesInLastSecond * before) + bytesRead + bytesWritten - bytesAtBegin,
        Math.round(operationsInLastSecond * before) + operations - operationsAtBegin);
  }
}
