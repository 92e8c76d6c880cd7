package dev.varve.http.command;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Event loops as this program's servers use them, and waiting for what completes on them. */
final class EventLoops {

  /**
   * So many that the connections of a few machines have each its own. Then the kernel shares the
   * processors among the disks, and wakes a loop where its client runs: with two processors,
   * sixteen loops serve a quiet disk beside busy ones four times as soon as two do, and eight
   * connections half as many requests again. Beyond that they would cost memory and save nothing.
   */
  private static final int FEWEST_FOR_DISKS = 16;

  private EventLoops() {}

  /** Loops for the clients of disks; the caller closes them. */
  static Vertx forDisks() {
    return start(Math.max(FEWEST_FOR_DISKS, 2 * Runtime.getRuntime().availableProcessors()));
  }

  /** One loop for what is not to disturb disks; the caller closes it. */
  static Vertx one() {
    return start(1);
  }

  /** Loops on epoll where there is epoll, which look for no files on the class path. */
  private static Vertx start(int count) {
    return Vertx.builder()
        .with(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(count)
                // A disk's watch tells of a loop that waits for the host, once.
                .setBlockedThreadCheckInterval(TimeUnit.DAYS.toMillis(1))
                .setFileSystemOptions(
                    new FileSystemOptions()
                        .setClassPathResolvingEnabled(false)
                        .setFileCachingEnabled(false)))
        .build();
  }

  static <T> T await(Future<T> future) throws IOException {
    return await(future.toCompletionStage());
  }

  /** Waits; not on a loop. A failure that is no {@link IOException} comes as the cause of one. */
  static <T> T await(CompletionStage<T> stage) throws IOException {
    try {
      return stage.toCompletableFuture().get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw cause instanceof IOException io ? io : new IOException(cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
