package dev.varve.io.polling;

import io.netty.channel.SelectStrategy;
import java.util.function.LongUnaryOperator;

/**
 * A loop in a time of its own, with one client that asks again some time after its answer. Looking
 * takes half a microsecond, waking up 25, and an answer 5.
 */
final class SimulatedLoop {

  static final long LOOK = 500;
  static final long WAKE = 25_000;
  static final long ANSWER = 5_000;

  final PollCounters counters = new PollCounters();
  final PollPolicy policy;
  private final PollStrategy strategy;
  private final LongUnaryOperator thinks;
  private long now;
  private long next;
  private long answered;

  /** Whether some thread waits for a processor all the time. */
  boolean isCrowded;

  /**
   * @param thinks how long the client takes before it asks for request number so and so
   */
  SimulatedLoop(long mostNanos, PollingLoops loops, LongUnaryOperator thinks) {
    this.policy = new PollPolicy(mostNanos);
    this.thinks = thinks;
    this.strategy =
        new PollStrategy(
            policy, new ProcessorWait(() -> isCrowded ? now : 0), loops, counters, () -> now);
    next = now + thinks.applyAsLong(0);
  }

  /** Goes on until so many more requests are answered. */
  void answer(int requests) throws Exception {
    for (long until = answered + requests; answered < until; ) turn(false);
  }

  /** Another thread has given the loop something to do. */
  void task() throws Exception {
    turn(true);
  }

  /** One look for work, and what follows from it. */
  void turn(boolean hasTasks) throws Exception {
    int strategyOrReady = strategy.calculateStrategy(this::look, hasTasks);
    if (strategyOrReady == SelectStrategy.CONTINUE) return;
    if (strategyOrReady == SelectStrategy.SELECT) now = Math.max(now, next) + WAKE;
    else if (strategyOrReady == 0) return;
    now += ANSWER;
    answered++;
    next = now + thinks.applyAsLong(answered);
  }

  private int look() {
    now += LOOK;
    return next <= now ? 1 : 0;
  }

  long now() {
    return now;
  }

  PollTotals totals() {
    return counters.plus(PollTotals.NONE);
  }
}
