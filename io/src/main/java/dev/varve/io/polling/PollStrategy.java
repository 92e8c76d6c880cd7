package dev.varve.io.polling;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Has Netty's loop look for work again and again instead of sleeping, as long as the policy says.
 * Between two looks the loop runs what other threads have given it, and so needs no waking for
 * that. Used on its loop.
 */
final class PollStrategy implements SelectStrategy {

  private enum State {
    /** It has had work, or was kept from polling. */
    BUSY,
    /** It has looked at least once and found nothing. */
    POLLING,
    /** It was sent to sleep the last time, and the policy learns what comes of it. */
    SLEEPING
  }

  private final PollPolicy policy;
  private final ProcessorWait processors;
  private final PollingLoops loops;
  private final PollCounters counters;
  private final LongSupplier nanoTime;

  private State state = State.BUSY;
  private long idleSince;

  PollStrategy(
      PollPolicy policy,
      ProcessorWait processors,
      PollingLoops loops,
      PollCounters counters,
      LongSupplier nanoTime) {
    this.policy = policy;
    this.processors = processors;
    this.loops = loops;
    this.counters = counters;
    this.nanoTime = nanoTime;
  }

  @Override
  public int calculateStrategy(IntSupplier look, boolean hasTasks) throws Exception {
    if (hasTasks) {
      foundIfPolling();
      return look.get();
    }
    if (state == State.POLLING) return lookAgain(look);
    long now = nanoTime.getAsLong();
    if (state == State.SLEEPING) policy.slept(now - idleSince);
    state = State.BUSY;
    idleSince = now;
    return policy.nanos() == 0 ? sleep() : firstLook(look, now);
  }

  private int firstLook(IntSupplier look, long now) throws Exception {
    int ready = look.get();
    if (ready > 0) return ready; // it would not have slept either
    if (processors.isLong(now) || !loops.enter()) return SELECT; // no trial that has failed
    state = State.POLLING;
    return CONTINUE;
  }

  private int lookAgain(IntSupplier look) throws Exception {
    int ready = look.get();
    if (ready > 0) {
      foundIfPolling();
      return ready;
    }
    long polled = nanoTime.getAsLong() - idleSince;
    if (polled < policy.nanos()) return CONTINUE;
    loops.leave();
    counters.missed(polled);
    return sleep();
  }

  private void foundIfPolling() {
    if (state != State.POLLING) return;
    loops.leave();
    counters.found(nanoTime.getAsLong() - idleSince);
    policy.found();
    state = State.BUSY;
  }

  private int sleep() {
    state = State.SLEEPING;
    return SELECT;
  }
}
