package dev.varve.io.running;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Waiting for what completes on other threads. */
final class Await {

  private Await() {}

  /**
   * Waits for a stage, also when interrupted: what was begun is not left half done. The interrupt
   * is kept for the caller.
   */
  static <T> T done(CompletionStage<T> stage) throws IOException {
    CompletableFuture<T> future = stage.toCompletableFuture();
    try {
      return future.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      throw cause instanceof IOException io ? io : new IOException(cause);
    }
  }
}
