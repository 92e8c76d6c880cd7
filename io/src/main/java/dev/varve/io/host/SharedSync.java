package dev.varve.io.host;

import dev.varve.core.device.DeviceRequest;
import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.util.ArrayList;
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
  private final Executor threads;
  private final BiConsumer<DeviceRequest, @Nullable IOException> answer;
  private List<DeviceRequest> waiting = new ArrayList<>();
  private boolean running;

  SharedSync(
      ImageFile file, Executor threads, BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.file = file;
    this.threads = threads;
    this.answer = answer;
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  void flush(DeviceRequest request) {
    synchronized (this) {
      waiting.add(request);
      if (running) return;
      running = true;
    }
    threads.execute(this::serveWaiting);
  }

  private void serveWaiting() {
    for (List<DeviceRequest> served = take(); !served.isEmpty(); served = take()) {
      IOException failure = null;
      try {
        file.sync();
      } catch (IOException e) {
        failure = e;
      }
      for (DeviceRequest request : served) answer.accept(request, failure);
    }
  }

  private synchronized List<DeviceRequest> take() {
    List<DeviceRequest> taken = waiting;
    waiting = new ArrayList<>();
    running = !taken.isEmpty();
    return taken;
  }
}
