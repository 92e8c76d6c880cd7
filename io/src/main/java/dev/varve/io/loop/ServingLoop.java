package dev.varve.io.loop;

import io.netty.channel.EventLoop;
import java.util.function.LongSupplier;

/**
 * An event loop that works for a server of disks: its clock, when its present turn began, and its
 * counters. Used on that loop; only {@link #isHere}, {@link #executor}, {@link #now} and reading
 * the counters are for any thread.
 */
public class ServingLoop {

  private final EventLoop executor;
  private final LongSupplier nanoTime;
  private final LoopCounters counters = new LoopCounters();
  private boolean inTurn;
  private long turnStart;

  /**
   * @param nanoTime the server's clock
   */
  public ServingLoop(EventLoop executor, LongSupplier nanoTime) {
    this.executor = executor;
    this.nanoTime = nanoTime;
  }

  /** Whether the caller is on this loop. For asserts. */
  public final boolean isHere() {
    return executor.inEventLoop();
  }

  public final EventLoop executor() {
    return executor;
  }

  /** The time by the server's clock. */
  public final long now() {
    return nanoTime.getAsLong();
  }

  public final LoopCounters counters() {
    return counters;
  }

  /** What it has done so far. Any thread. */
  public final ServerTotals totals() {
    return counters.totals();
  }

  /** The loop begins to work for this server, if it has not already. */
  public final void beginTurn() {
    assert isHere();
    if (inTurn) return;
    inTurn = true;
    turnStart = now();
  }

  /** When the present turn began, or the last one. */
  public final long turnStart() {
    return turnStart;
  }

  /** The loop has done what there was; counts how long that took. */
  public final void endTurn() {
    if (inTurn) counters.turnTook(now() - turnStart);
    inTurn = false;
  }
}
