package dev.varve.http.api;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** Timers that expire when a test says so. */
final class ManualTimers implements Connections.Timers {

  private final BlockingQueue<Armed> armed = new LinkedBlockingQueue<>();

  @Override
  public Runnable in(long millis, Runnable action) {
    var timer = new Armed(Vertx.currentContext(), action);
    armed.add(timer);
    return () -> timer.takenBack = true;
  }

  /** Lets the oldest timer that runs expire; waits until there is one. */
  void expireNext() throws InterruptedException {
    boolean expired = false;
    while (!expired) expired = armed.take().expire();
  }

  private static final class Armed {
    private final Context loop;
    private final Runnable action;
    private volatile boolean takenBack;

    private Armed(Context loop, Runnable action) {
      this.loop = loop;
      this.action = action;
    }

    /** False if it was taken back, which only its event loop knows for sure. */
    private boolean expire() {
      var expired = new CompletableFuture<Boolean>();
      loop.runOnContext(
          _ -> {
            boolean runs = !takenBack;
            if (runs) action.run();
            expired.complete(runs);
          });
      return expired.join();
    }
  }
}
