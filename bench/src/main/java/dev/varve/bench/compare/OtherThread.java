package dev.varve.bench.compare;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Waits for what another thread does. */
final class OtherThread {

  private OtherThread() {}

  /**
   * What it found.
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
