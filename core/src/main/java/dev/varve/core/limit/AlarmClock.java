package dev.varve.core.limit;

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

  /**
   * @param nanoClock {@link System#nanoTime}, or what follows it
   */
  public AlarmClock(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    thread =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("varve-limits").factory());
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void set(LimitGroup group, long nanoTime) {
    if (thread.isShutdown()) return;
    thread.schedule(
        () -> group.ring(nanoClock.getAsLong()),
        nanoTime - nanoClock.getAsLong(),
        TimeUnit.NANOSECONDS);
  }

  /** Rings no more. To be called when no device waits for it any longer. */
  @Override
  public void close() {
    thread.shutdown();
  }
}
