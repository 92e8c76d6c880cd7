package dev.varve.io.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Work of which one run serves all requests that wait for it. Requests that come while a run is
 * under way wait together for the next; there is one run at a time. Thread-safe; blocks no caller.
 *
 * @param <T> a request
 */
public final class SharedRun<T> {

  private final Executor threads;
  private final Consumer<List<T>> work;
  private List<T> waiting = new ArrayList<>();
  private boolean running;

  /**
   * @param work gets the requests that were made before it began, at least one; it answers them,
   *     and throws nothing
   */
  public SharedRun(Executor threads, Consumer<List<T>> work) {
    this.threads = threads;
    this.work = work;
  }

  /** Has the work done once more for {@code one}, beginning after this call. */
  public void ask(T one) {
    synchronized (this) {
      waiting.add(one);
      if (running) return;
      running = true;
    }
    threads.execute(this::serveWaiting);
  }

  private void serveWaiting() {
    for (List<T> served = take(); !served.isEmpty(); served = take()) work.accept(served);
  }

  private synchronized List<T> take() {
    List<T> taken = waiting;
    waiting = new ArrayList<>();
    running = !taken.isEmpty();
    return taken;
  }
}
