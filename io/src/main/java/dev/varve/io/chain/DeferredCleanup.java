package dev.varve.io.chain;

import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.storage.ServingDevice;
import dev.varve.io.storage.StorageThreads;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs clean-up tasks for a replaced stage once its requests are answered and its readers have
 * left. Thread-safe; does not block.
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

  /** Runs {@code task} on a storage thread once {@code replaced} is no longer in use. */
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

  /** Whether all tasks have run. */
  boolean isDone() {
    return left.get() == 0;
  }
}
