package dev.varve.io.storage;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of threads for work that may block, shared by all disks of a process.
 *
 * <p>Thread safe. The queue has no bound of its own: every front end bounds what it has in flight.
 * A thread that finds nothing to do parks; handing over work wakes at most one.
 */
public final class StorageThreads implements Executor, AutoCloseable {

  /** Enough to keep a disk's queue full with blocking reads; more only adds switching. */
  public static final int DEFAULT_COUNT = 24;

  private static final long SAMPLE_MILLIS = 50;

  /** Anybody offers; who takes holds {@link #taking}. */
  private final MpscUnboundedVarHandleArrayQueue<Runnable> work =
      new MpscUnboundedVarHandleArrayQueue<>(256);

  private final Object taking = new Object();

  /** The workers that wait, the last to come on top: it is the one whose caches are warm. */
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();

  private final List<Thread> threads = new ArrayList<>();
  private final ScheduledExecutorService clock;
  private final DirtyPages dirtyPages = new DirtyPages(Path.of("/proc/vmstat"));
  private volatile boolean closed;

  /** Starts {@code count} daemon threads. */
  public StorageThreads(int count) {
    for (int i = 0; i < count; i++) {
      threads.add(Thread.ofPlatform().daemon().name("storage-" + i).start(new Worker()));
    }
    clock =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("storage-clock").factory());
    every(SAMPLE_MILLIS, dirtyPages::sample);
  }

  /** How far the host is behind with writing back: whoever may not wait asks before each write. */
  public DirtyPages dirtyPages() {
    return dirtyPages;
  }

  /** Runs {@code task} on one of the threads; never blocks. A task must not throw. */
  @Override
  public void execute(Runnable task) {
    if (closed) throw new RejectedExecutionException("storage threads are stopped");
    work.offer(task);
    wakeOne();
  }

  private void wakeOne() {
    Worker sleeper;
    synchronized (idle) {
      sleeper = idle.poll();
      if (sleeper == null) return;
      sleeper.asleep = false;
    }
    LockSupport.unpark(sleeper.thread);
  }

  private @Nullable Runnable take() {
    synchronized (taking) {
      return work.poll();
    }
  }

  /**
   * Runs {@code task} on one of the threads every {@code millis}, counted from start to start,
   * until cancelled.
   */
  public ScheduledFuture<?> every(long millis, Runnable task) {
    return clock.scheduleAtFixedRate(() -> execute(task), millis, millis, TimeUnit.MILLISECONDS);
  }

  /** Runs {@code task} on one of the threads, {@code millis} from now. */
  public void later(long millis, Runnable task) {
    clock.schedule(() -> execute(task), millis, TimeUnit.MILLISECONDS);
  }

  /** Lets queued tasks finish, then ends the threads; waits for both. */
  @Override
  public void close() {
    clock.shutdownNow();
    closed = true;
    for (Thread thread : threads) {
      try {
        while (thread.isAlive()) {
          LockSupport.unpark(thread);
          thread.join(10);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private final class Worker implements Runnable {
    private volatile boolean asleep;
    private volatile @Nullable Thread thread;

    @Override
    public void run() {
      thread = Thread.currentThread();
      for (Runnable task = next(); task != null; task = next()) {
        try {
          task.run();
        } catch (Throwable bug) {
          Thread self = Thread.currentThread();
          self.getUncaughtExceptionHandler().uncaughtException(self, bug);
        }
      }
    }

    /** The next task, or null when the threads are closed and nothing is left. */
    private @Nullable Runnable next() {
      while (true) {
        Runnable task = take();
        if (task != null) return task;
        synchronized (idle) {
          asleep = true;
          idle.push(this);
        }
        task = take(); // looks again after announcing itself: work offered in between must not wait
        // for a sleeper
        if (task != null) {
          standUp();
          return task;
        }
        if (closed) return null;
        while (asleep && !closed) LockSupport.park(this);
      }
    }

    /**
     * Stops waiting; if it was woken for another task in the meantime, somebody else must do that
     * one.
     */
    private void standUp() {
      synchronized (idle) {
        if (idle.remove(this)) {
          asleep = false;
          return;
        }
      }
      wakeOne();
    }
  }
}
