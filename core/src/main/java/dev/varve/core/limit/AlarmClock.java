package dev.varve.core.limit;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The alarm of any number of groups, on one thread of its own: requests that become due together
 * are handed over there, and no event loop spends its time on them.
 */
public final class AlarmClock implements Alarm, AutoCloseable {

  private final LongSupplier nanoClock;
  private final ScheduledThreadPoolExecutor thread;

  /** One for each group, or alarms for years ahead would pile up behind those for now. */
  private final Map<LimitGroup, ScheduledFuture<?>> set = new ConcurrentHashMap<>();

  /**
   * @param nanoClock {@link System#nanoTime}, or what follows it
   */
  public AlarmClock(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    thread =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("varve-limits").factory());
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    thread.setRemoveOnCancelPolicy(true);
  }

  @Override
  public void set(LimitGroup group, long nanoTime) {
    if (thread.isShutdown()) return;
    long delay = nanoTime - nanoClock.getAsLong();
    ScheduledFuture<?> before =
        set.put(group, thread.schedule(() -> ring(group), delay, TimeUnit.NANOSECONDS));
    if (before != null) before.cancel(false);
  }

  private void ring(LimitGroup group) {
    set.remove(group);
    group.ring(nanoClock.getAsLong());
  }

  /** How many alarms have not rung yet. */
  int pending() {
    return thread.getQueue().size();
  }

  /** Stops ringing. Call it when no device waits for it any longer. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
