package dev.varve.http.server;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Whether the event loops of a server still turn. Not thread-safe: for one thread, which may wait.
 */
final class Heartbeat {

  private final List<Executor> loops;
  private final Duration patience;
  private CountDownLatch missing = new CountDownLatch(0);

  /**
   * @param loops run tasks on the event loops
   * @param patience how long a loop may take
   */
  Heartbeat(List<Executor> loops, Duration patience) {
    this.loops = loops;
    this.patience = patience;
  }

  /**
   * Asks all loops, and waits until they answer. A loop that has not answered yet is not asked a
   * second time, so that no tasks gather there.
   *
   * @return false if one has not answered in time
   */
  boolean isThere() {
    if (missing.getCount() == 0) ask();
    try {
      return missing.await(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void ask() {
    var answers = new CountDownLatch(loops.size());
    missing = answers;
    try {
      for (Executor loop : loops) loop.execute(answers::countDown);
    } catch (RejectedExecutionException _) {
      // The server is closing: the answer stays out.
    }
  }
}
