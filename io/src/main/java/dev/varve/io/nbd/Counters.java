package dev.varve.io.nbd;

import dev.varve.core.measure.DurationCounter;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what one event loop does: written on that loop, once a batch; read by any thread. */
final class Counters {

  private final AtomicLong opened = new AtomicLong();
  private final AtomicLong closed = new AtomicLong();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong handedOver = new AtomicLong();
  private final AtomicLong bytesRead = new AtomicLong();
  private final AtomicLong bytesWritten = new AtomicLong();
  private final AtomicLong longestTurn = new AtomicLong();
  private final DurationCounter turns = new DurationCounter();

  void opened() {
    add(opened, 1);
  }

  void closed() {
    add(closed, 1);
  }

  void batch(long requests, long bytesRead, long bytesWritten) {
    add(this.requests, requests);
    add(this.bytesRead, bytesRead);
    add(this.bytesWritten, bytesWritten);
  }

  void handedOver() {
    add(handedOver, 1);
  }

  void turnTook(long nanos) {
    if (nanos > longestTurn.getPlain()) longestTurn.setOpaque(nanos);
    turns.add(nanos);
  }

  /** One writer: no atomic addition is needed. */
  private static void add(AtomicLong counter, long value) {
    counter.setOpaque(counter.getPlain() + value);
  }

  NbdStats plus(NbdStats sum) {
    return new NbdStats(
        sum.connections() + opened.get() - closed.get(),
        sum.accepted() + opened.get(),
        sum.refused(),
        sum.requests() + requests.get(),
        sum.handedOver() + handedOver.get(),
        sum.bytesRead() + bytesRead.get(),
        sum.bytesWritten() + bytesWritten.get(),
        Math.max(sum.longestStallNanos(), longestTurn.get()),
        turns.durations().plus(sum.turns()),
        sum.polling());
  }
}
