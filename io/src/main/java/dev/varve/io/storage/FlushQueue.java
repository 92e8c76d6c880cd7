package dev.varve.io.storage;

import dev.varve.core.device.DeviceRequest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Flushes of one device: those that come while one is under way wait together for the next, so that
 * one {@code fdatasync} serves them all. Thread-safe; never waits.
 */
public final class FlushQueue {

  /** Makes everything durable that was completed before it is called. */
  public interface Commit {
    void make() throws IOException;
  }

  private final Commit commit;
  private final BiConsumer<DeviceRequest, @Nullable IOException> answer;
  private final SharedRun<DeviceRequest> runs;

  /**
   * @param threads run {@code commit}, one at a time
   * @param answer takes each request with what kept it from being durable, or null
   */
  public FlushQueue(
      Executor threads, Commit commit, BiConsumer<DeviceRequest, @Nullable IOException> answer) {
    this.commit = commit;
    this.answer = answer;
    this.runs = new SharedRun<>(threads, this::serve);
  }

  /** Answers {@code request} once everything that was completed before this call is durable. */
  public void flush(DeviceRequest request) {
    runs.ask(request);
  }

  private void serve(List<DeviceRequest> requests) {
    IOException failure = null;
    try {
      commit.make();
    } catch (IOException e) {
      failure = e;
    }
    for (DeviceRequest request : requests) answer.accept(request, failure);
  }
}
