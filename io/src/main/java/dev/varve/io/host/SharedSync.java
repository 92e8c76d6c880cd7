package dev.varve.io.host;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.SharedRun;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a file durable. Flushes that come while one is under way wait together for the next: one
 * {@code fdatasync} serves them all. Thread safe.
 */
final class SharedSync {

  private final ImageFile file;
  private final BiConsumer<DeviceRequest, @Nullable IOException> answer;
  private final SharedRun<DeviceRequest> syncs;

  SharedSync(
      ImageFile file, Executor threads, BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.file = file;
    this.answer = answer;
    this.syncs = new SharedRun<>(threads, this::serve);
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  void flush(DeviceRequest request) {
    syncs.ask(request);
  }

  private void serve(List<DeviceRequest> requests) {
    IOException failure = null;
    try {
      file.sync();
    } catch (IOException e) {
      failure = e;
    }
    for (DeviceRequest request : requests) answer.accept(request, failure);
  }
}
