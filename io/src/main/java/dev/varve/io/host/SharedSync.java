package dev.varve.io.host;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.storage.CommitTimes;
import dev.varve.io.storage.FlushQueue;
import dev.varve.io.storage.LostWrites;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the writes to a raw medium durable. Flushes that arrive while one is running share the next
 * {@code fdatasync}. Thread-safe.
 *
 * <p>The kernel silently drops writes beyond the end of a truncated file, or to a removed device;
 * in these cases a flush fails. When an {@code fdatasync} fails, the kernel may also drop the data
 * that it could not write, and the next {@code fdatasync} succeeds without that data. After such a
 * failure, therefore, every flush fails until the medium is opened again.
 */
final class SharedSync {

  private final RawMedium medium;
  private final FlushQueue flushes;
  private final LostWrites lost = new LostWrites();
  private final CommitTimes times;

  SharedSync(
      RawMedium medium,
      Executor threads,
      CommitTimes times,
      BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.medium = medium;
    this.times = times;
    this.flushes = new FlushQueue(threads, this::sync, answer);
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  void flush(DeviceRequest request) {
    flushes.flush(request);
  }

  /** Makes the writes completed so far durable. Waits. */
  void sync() throws IOException {
    lost.requireNone();
    long begun = times.begin();
    lost.note(medium.file()::sync);
    times.ended(begun);
    medium.requireReach(
        medium.capacity(), "it was truncated or removed, and data written to it may be lost");
  }
}
