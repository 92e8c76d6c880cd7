package dev.varve.io.chain;

import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.storage.ServingDevice;
import dev.varve.io.storage.StorageThreads;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Does things once nobody uses any more what a stage that was replaced still says: its requests are
 * answered, and the readers from before have left. Thread safe; nobody waits.
 */
final class DeferredCleanup {

  private static final long POLL_MILLIS = 5;

  private final StorageThreads threads;
  private final ReaderEpochs reads;
  private final AtomicInteger left = new AtomicInteger();

  DeferredCleanup(StorageThreads threads, ReaderEpochs reads) {
    this.threads = threads;
    this.reads = reads;
  }

  /** Runs {@code task} on a storage thread once {@code replaced} is of no use to anybody. */
  void of(ServingDevice replaced, Runnable task) {
    left.incrementAndGet();
    threads.execute(() -> whenQuiet(replaced, task));
  }

  private void whenQuiet(ServingDevice replaced, Runnable task) {
    if (replaced.isQuiet()) whenLeft(reads.epoch(), task);
    else threads.later(POLL_MILLIS, () -> whenQuiet(replaced, task));
  }

  private void whenLeft(long since, Runnable task) {
    if (!reads.passed(since)) {
      threads.later(POLL_MILLIS, () -> whenLeft(since, task));
      return;
    }
    try {
      task.run();
    } finally {
      left.decrementAndGet();
    }
  }

  /** Whether nothing is left to do. */
  boolean isDone() {
    return left.get() == 0;
  }
}
