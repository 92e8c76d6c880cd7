package dev.varve.http.server;

import dev.varve.io.service.Hangups;
import java.lang.System.Logger.Level;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;

/**
 * Runs a task each time SIGHUP comes, also where the parent of this process had the signal ignored.
 * A signal that comes before there is a task is not lost. Thread-safe.
 */
public final class ReloadSignal implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(ReloadSignal.class.getName());

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("reload").factory());
  private Runnable task = () -> missed = true;
  private final AtomicBoolean isWaiting = new AtomicBoolean();
  private boolean missed;

  public ReloadSignal() {
    try {
      Hangups.heed();
      Signal.handle(new Signal("HUP"), _ -> come());
    } catch (IllegalArgumentException | AssertionError _) {
      LOG.log(
          Level.WARNING,
          "SIGHUP does not reach this server, so its configuration is read at the next start only");
    }
  }

  /** A signal that comes while another one waits is the same: the file is read after both. */
  private void come() {
    if (isWaiting.compareAndSet(false, true)) thread.execute(this::run);
  }

  private synchronized void run() {
    isWaiting.set(false);
    try {
      task.run();
    } catch (RuntimeException | StackOverflowError bug) {
      LOG.log(Level.ERROR, "the configuration cannot be read again because of a bug", bug);
    }
  }

  /** From now on a signal runs this, in a thread of its own. */
  public synchronized void runs(Runnable task) {
    this.task = task;
    if (missed) come();
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
