package dev.varve.bench.compare;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for the result of another thread. Blocks. */
final class OtherThread {

  private OtherThread() {}

  /**
   * The result.
   *
   * @throws IOException if it failed
   */
  static <T> T result(Future<T> work) throws IOException, InterruptedException {
    try {
      return work.get();
    } catch (ExecutionException e) {
      throw new IOException("another client failed: " + e.getCause(), e);
    }
  }
}
