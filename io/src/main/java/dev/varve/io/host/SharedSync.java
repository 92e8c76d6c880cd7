package dev.varve.io.host;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.storage.FlushQueue;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a raw medium durable. Flushes that come while one is under way wait together for the next:
 * one {@code fdatasync} serves them all. Thread safe.
 *
 * <p>The kernel drops without an error what was written beyond the end of a file that was cut, or
 * to a device that was removed: then nothing is called durable. What it failed to write it may have
 * dropped too, and the next {@code fdatasync} would succeed without it: so, after such a failure,
 * every later flush fails, until the medium is opened again.
 */
final class SharedSync {

  private final RawMedium medium;
  private final FlushQueue flushes;
  private volatile @Nullable IOException lost;

  SharedSync(
      RawMedium medium, Executor threads, BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.medium = medium;
    this.flushes = new FlushQueue(threads, this::sync, answer);
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  void flush(DeviceRequest request) {
    flushes.flush(request);
  }

  /** Makes durable what was written until now, and waits for it. */
  void sync() throws IOException {
    IOException before = lost;
    if (before != null)
      throw new IOException(
          "an earlier flush failed, and what it lost cannot be told: " + before.getMessage(),
          before);
    try {
      medium.file().sync();
    } catch (IOException e) {
      lost = e;
      throw e;
    }
    medium.requireReach(
        medium.capacity(), "it was cut or removed, and what was written to it may be lost");
  }
}
