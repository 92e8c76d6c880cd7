package dev.varve.http.server;

import dev.varve.core.device.Stages;
import dev.varve.io.service.InheritedSocket;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes the event loops of this program's servers, and waits for futures that complete on them. Any
 * thread.
 */
final class EventLoops {

  private EventLoops() {}

  /**
   * One event loop, on epoll if the host has it, without Vert.x's file cache; the caller closes it.
   */
  static Vertx one() {
    return one(Vertx.builder());
  }

  /**
   * The same, for an HTTP server; on epoll, as each that needs one of the following.
   *
   * @param inherited a socket that it takes over first; null for none
   * @param mostHandshakes how many clients of a TCP port may be in the handshake of TLS; 0 where no
   *     TLS is spoken
   */
  static Vertx serving(@Nullable InheritedSocket inherited, int mostHandshakes) {
    if (inherited == null && mostHandshakes == 0) return one();
    return one(
        Vertx.builder()
            .withTransport(new ListeningTransport(inherited, mostHandshakes).forBuilder()));
  }

  private static Vertx one(VertxBuilder builder) {
    return builder
        .with(
            new VertxOptions()
                .setPreferNativeTransport(true)
                .setEventLoopPoolSize(1)
                // The watch of a disk reports a loop that waits for the host, and only once.
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
