package dev.varve.http.server;

import dev.varve.core.device.Stages;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Ends the parts of a server one after the other. It waits for each part, but for all of them
 * together no longer than about a minute, because a host that does not answer must not keep the
 * program alive for ever. In the end it throws what failed or did not end. For one thread; blocks.
 */
final class ServerEnd {

  /**
   * How long it waits for a host that does not answer; a client that takes no replies may take half
   * of it.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** For each thing even when that time is over. */
  private static final Duration LEAST = Duration.ofSeconds(1);

  private final long start = System.nanoTime();
  private @Nullable IOException failure;

  /** Something that may fail. */
  interface Step {
    /**
     * @param patience how long it may wait for the host
     */
    void run(Duration patience) throws IOException;
  }

  /** Does something, and notes its failure. */
  void run(Step step) {
    Duration left = PATIENCE.minusNanos(System.nanoTime() - start);
    try {
      step.run(left.compareTo(LEAST) < 0 ? LEAST : left);
    } catch (IOException | RuntimeException e) {
      note(e instanceof IOException io ? io : new IOException(e));
    }
  }

  private void note(IOException e) {
    if (failure == null) failure = e;
    else failure.addSuppressed(e);
  }

  /**
   * Waits until something has ended.
   *
   * @param what it is, for people
   */
  void await(CompletionStage<?> end, String what) {
    run(
        patience -> {
          try {
            Stages.join(end, patience);
          } catch (TimeoutException _) {
            throw late(what);
          }
        });
  }

  /** Ends an executor, which takes no more tasks. */
  void await(ExecutorService tasks, String what) {
    run(
        patience -> {
          tasks.shutdown();
          try {
            if (!tasks.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS))
              throw late(what);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Ends the storage threads. */
  void await(StorageThreads threads) {
    run(
        patience -> {
          if (!threads.close(patience.toMillis()))
            throw late(String.join(", ", threads.hangs().names()));
        });
  }

  private static IOException late(String what) {
    return new IOException(
        "%s did not end, because the host does not answer: the last writes may not be on the disk. Check the file system below it"
            .formatted(what.isEmpty() ? "a disk" : what));
  }

  /** Throws the first failure, with the others. */
  void finish() throws IOException {
    if (failure != null) throw failure;
  }
}
