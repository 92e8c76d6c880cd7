package dev.varve.core.device;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Waiting for stages that other threads complete. Any thread that may block, which no event loop
 * may.
 *
 * <p>One rule for interrupts: the wait goes on, and the thread is still interrupted when it ends.
 * What was begun works with memory and files that are only lent to it, so the caller must not go on
 * before its end.
 */
public final class Stages {

  private Stages() {}

  /**
   * Waits for the end.
   *
   * @return the result
   * @throws IOException why the stage failed; any other failure is the cause of this one
   */
  public static <T> T join(CompletionStage<T> stage) throws IOException {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      throw failure(e);
    }
  }

  /**
   * Waits for the end, {@code patience} at most.
   *
   * @throws IOException as {@link #join(CompletionStage)}
   * @throws TimeoutException the stage has not ended
   */
  public static <T> T join(CompletionStage<T> stage, Duration patience)
      throws IOException, TimeoutException {
    CompletableFuture<T> future = stage.toCompletableFuture();
    long end = System.nanoTime() + patience.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      throw failure(e);
    } finally {
      if (interrupted) Thread.currentThread().interrupt();
    }
  }

  /** Why a stage failed: the cause of {@code wrapper}, as an {@link IOException}. */
  public static IOException failure(Exception wrapper) {
    Throwable cause = wrapper.getCause();
    return cause instanceof IOException failure ? failure : new IOException(cause);
  }
}
