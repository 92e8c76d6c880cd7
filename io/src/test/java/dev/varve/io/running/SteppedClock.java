package dev.varve.io.running;

import dev.varve.core.limit.Alarm;
import dev.varve.core.limit.LimitGroup;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/** Time that passes when a test says so, and the alarm that goes by it. */
final class SteppedClock implements LongSupplier, Alarm {

  static final long SECOND = 1_000_000_000;

  private final Map<LimitGroup, Long> alarms = new HashMap<>();
  private final Semaphore waits = new Semaphore(0);
  private long now;

  @Override
  public synchronized long getAsLong() {
    return now;
  }

  @Override
  public synchronized void set(LimitGroup group, long nanoTime) {
    alarms.put(group, nanoTime);
    waits.release();
  }

  /** Returns when a group has something that waits, once for each time that it begins to. */
  void awaitWaiting() throws InterruptedException {
    waits.acquire();
  }

  /** Lets so much time pass, all at once. */
  void pass(long nanos) {
    Map<LimitGroup, Long> due;
    synchronized (this) {
      now += nanos;
      due = new HashMap<>(alarms);
      due.values().removeIf(at -> at > now);
      alarms.keySet().removeAll(due.keySet());
    }
    due.keySet().forEach(group -> group.ring(now));
  }
}
