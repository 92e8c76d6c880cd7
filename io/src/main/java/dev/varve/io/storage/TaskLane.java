package dev.varve.io.storage;

import java.util.concurrent.atomic.AtomicInteger;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * A queue of tasks of which at most {@code width} run at once on the storage threads, begun in the
 * order in which they came. With a width of 1, its tasks alone own what they touch. Lanes keep a
 * busy disk from taking every thread. Thread-safe; blocks no caller.
 */
public final class TaskLane {

  /** After so many tasks a lane goes to the back of the threads' queue. */
  private static final int TURN = 32;

  private final StorageThreads threads;
  private final int width;

  /** Any thread offers; of the runners, one at a time takes. */
  private final MpscUnboundedVarHandleArrayQueue<Runnable> waiting =
      new MpscUnboundedVarHandleArrayQueue<>(64);

  private final AtomicInteger running = new AtomicInteger();

  public TaskLane(StorageThreads threads, int width) {
    this.threads = threads;
    this.width = width;
  }

  /** Runs {@code task} when its turn comes; never blocks. A task must not throw. */
  public void execute(Runnable task) {
    waiting.offer(task);
    startRunner();
  }

  private void startRunner() {
    for (int now = running.get(); now < width; now = running.get()) {
      if (running.compareAndSet(now, now + 1)) {
        threads.execute(this::run);
        return;
      }
    }
  }

  private synchronized @Nullable Runnable take() {
    return waiting.poll();
  }

  private void run() {
    try {
      for (int i = 0; i < TURN; i++) {
        Runnable task = take();
        if (task == null) break;
        task.run();
      }
    } finally {
      running.decrementAndGet();
      if (!waiting.isEmpty()) startRunner(); // also for what came between last poll and decrement
    }
  }
}
