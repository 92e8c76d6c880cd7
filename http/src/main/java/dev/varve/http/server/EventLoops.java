package dev.varve.http.server;

import dev.varve.core.device.Stages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
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

  /** Waits as {@link Stages#join}; not on a loop. */
  static <T> T await(Future<T> future) throws IOException {
    return Stages.join(future.toCompletionStage());
  }
}
