package dev.varve.http.server;

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

  private EventLoops() {}

  /** One loop on epoll where there is epoll, which looks for no files; the caller closes it. */
  static Vertx one() {
    return Vertx.builder()
        .with(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(1)
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
      throw cause(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Why something failed, as an {@link IOException}. */
  static IOException cause(ExecutionException e) {
    return e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
  }
}
