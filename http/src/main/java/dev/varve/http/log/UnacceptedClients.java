package dev.varve.http.log;

import dev.varve.core.device.FailureWords;
import dev.varve.core.log.LineLimit;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Replaces Netty's warning that a listener cannot accept clients because the process has used up
 * its file descriptors. Netty tries again every second and warns each time, in words for
 * programmers; the log has one line a minute. Thread-safe.
 */
final class UnacceptedClients {

  private final LineLimit lines = new LineLimit(1, TimeUnit.MINUTES.toNanos(1));

  static boolean isMeant(String logger, @Nullable Throwable failure) {
    return failure instanceof IOException
        && logger.equals("io.netty.channel.DefaultChannelPipeline")
        && String.valueOf(failure.getMessage()).matches("(?s)(accept\\(.*|)Too many open files.*");
  }

  /** A line for it; null if there was one in the last minute. */
  @Nullable String line(Instant time) {
    long nanos = TimeUnit.MILLISECONDS.toNanos(time.toEpochMilli());
    if (lines.admit(nanos) == LineLimit.KEPT_BACK) return null;
    return "new NBD or HTTP clients have to wait: "
        + FailureWords.of(new IOException("Too many open files"))
        + ". They are accepted as soon as others have disconnected";
  }
}
