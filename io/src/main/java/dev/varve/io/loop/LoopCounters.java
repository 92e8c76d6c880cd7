package dev.varve.io.loop;

import dev.varve.core.measure.DurationCounter;
import dev.varve.core.measure.LoneCounter;

/** Counts what one event loop does: written on that loop, once a batch; read by any thread. */
public final class LoopCounters {

  private final LoneCounter opened = new LoneCounter();
  private final LoneCounter closed = new LoneCounter();
  private final LoneCounter requests = new LoneCounter();
  private final LoneCounter handedOver = new LoneCounter();
  private final LoneCounter bytesRead = new LoneCounter();
  private final LoneCounter bytesWritten = new LoneCounter();
  private final LoneCounter longestTurn = new LoneCounter();
  private final DurationCounter turns = new DurationCounter();

  /** A client has connected. */
  public void opened() {
    opened.add(1);
  }

  /** A client is gone. */
  public void closed() {
    closed.add(1);
  }

  /** So much was asked for, and answered with success, since the last batch. */
  public void batch(long requests, long bytesRead, long bytesWritten) {
    this.requests.add(requests);
    this.bytesRead.add(bytesRead);
    this.bytesWritten.add(bytesWritten);
  }

  /** A request goes to storage threads. */
  public void handedOver() {
    handedOver.add(1);
  }

  void turnTook(long nanos) {
    longestTurn.raiseTo(nanos);
    turns.add(nanos);
  }

  /** What was counted so far. */
  public ServerTotals totals() {
    return new ServerTotals(
        opened.get() - closed.get(),
        opened.get(),
        requests.get(),
        handedOver.get(),
        bytesRead.get(),
        bytesWritten.get(),
        longestTurn.get(),
        turns.durations());
  }
}
