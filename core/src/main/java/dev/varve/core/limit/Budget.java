package dev.varve.core.limit;

/**
 * The limits that a request has to keep all at once: bytes and operations, each of which may be
 * unlimited. To ask is {@link #quote}; {@link #debit} pays what was quoted last. Guarded by the
 * group's lock.
 */
final class Budget {

  private final RateLimit bytes;
  private final RateLimit operations;
  private boolean quotedBytes;
  private boolean quotedOperations;
  private long quotedNanos;

  Budget(long bytesPerSecond, long operationsPerSecond, long burstNanos, long now) {
    bytes = new RateLimit(bytesPerSecond, burstNanos, now);
    operations = new RateLimit(operationsPerSecond, burstNanos, now);
  }

  /** Whether there is a limit that so many operations and bytes count for. */
  boolean concerns(int operations, long length) {
    return (operations != 0 && !this.operations.isNone()) || (length != 0 && !bytes.isNone());
  }

  /** When so many operations and bytes may pass; not after {@code now} if at once. */
  long quote(int operations, long length, long now) {
    long due = now;
    quotedNanos = 0;
    quotedBytes = length != 0 && !bytes.isNone(); // who moves nothing does not wait for old debts
    quotedOperations = operations != 0 && !this.operations.isNone();
    if (quotedBytes) due = ask(bytes, length, now, due);
    if (quotedOperations) due = ask(this.operations, operations, now, due);
    return due;
  }

  private long ask(RateLimit limit, long units, long now, long due) {
    long itsDue = limit.quote(units, now);
    quotedNanos = Math.max(quotedNanos, limit.quotedNanos());
    return itsDue - due > 0 ? itsDue : due;
  }

  /** The time that the scarcer of the limits takes for what was quoted last. */
  long quotedNanos() {
    return quotedNanos;
  }

  void debit() {
    if (quotedBytes) bytes.debit();
    if (quotedOperations) operations.debit();
  }

  /** Takes back a payment; returns what {@link #quotedNanos} said of it. */
  long refund(int operations, long length) {
    long nanos = 0;
    if (length != 0 && !bytes.isNone()) nanos = bytes.refund(length);
    if (operations != 0 && !this.operations.isNone())
      nanos = Math.max(nanos, this.operations.refund(operations));
    return nanos;
  }

  void change(long bytesPerSecond, long operationsPerSecond, long burstNanos, long now) {
    bytes.change(bytesPerSecond, burstNanos, now);
    operations.change(operationsPerSecond, burstNanos, now);
  }
}
