package dev.varve.io.storage;

import dev.varve.core.log.Cause;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The threads for work that may block, shared by all disks of a process.
 *
 * <p>There are as many as keep disks busy. A thread whose task has been waiting for the host for
 * {@link #STUCK_TICKS} looks at the clock does not count: while work is queued, another one takes
 * its place, and goes when the host has answered. So a file system that hangs keeps the threads
 * that wait for it, which the {@link TaskLane}s of its disks bound, and delays others for a tenth
 * of a second at most.
 *
 * <p>Thread-safe. The queue has no bound of its own: every front end bounds what it has in flight.
 * A thread that finds nothing to do parks; handing over work wakes at most one.
 */
public final class StorageThreads implements Executor, AutoCloseable {

  /** Enough to keep a disk's queue full with blocking reads; more only adds switching. */
  public static final int DEFAULT_COUNT = 24;

  /** There are never more threads than this, however many tasks wait for the host. */
  private static final int MOST = 1000;

  private static final long TICK_MILLIS = 50;

  /** A task that is seen at this many looks in a row waits for the host. */
  private static final int STUCK_TICKS = 2;

  /** Any thread offers; a thread that takes holds {@link #taking}. */
  private final MpscUnboundedVarHandleArrayQueue<Runnable> work =
      new MpscUnboundedVarHandleArrayQueue<>(256);

  private final Object taking = new Object();

  /** The workers that wait, the last to come on top: it is the one whose caches are warm. */
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();

  private final int count;
  private final LongSupplier nanoClock;

  /** Guarded by itself. */
  private final List<Worker> workers = new ArrayList<>();

  private int started;
  private final ScheduledExecutorService clock;
  private final List<Look> looks = new CopyOnWriteArrayList<>();
  private final Hangs hangs = new Hangs(this);
  private final DirtyPages dirtyPages = new DirtyPages(Path.of("/proc/vmstat"));

  /** Counts the looks at the clock; never 0. */
  private volatile int tick = 1;

  private volatile boolean closed;

  /** Something that is called regularly with the time. */
  public interface Look {
    /** Must not wait: all disks share the thread that calls. */
    void at(long nowNanos);
  }

  /** Starts {@code count} daemon threads, which go by the machine's clock. */
  public StorageThreads(int count) {
    this(count, System::nanoTime);
  }

  /**
   * Starts {@code count} daemon threads.
   *
   * @param nanoClock what {@link Look} is told
   */
  StorageThreads(int count, LongSupplier nanoClock) {
    this.count = count;
    this.nanoClock = nanoClock;
    for (int i = 0; i < count; i++) startWorker();
    clock =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("storage-clock").factory());
    clock.scheduleAtFixedRate(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** The clock that the threads go by. */
  public LongSupplier nanoClock() {
    return nanoClock;
  }

  /** How many threads there are now. */
  public int count() {
    synchronized (workers) {
      return workers.size();
    }
  }

  /** How many of them have waited for the host for a tenth of a second or longer. */
  public int stuck() {
    synchronized (workers) {
      return countStuck();
    }
  }

  private int countStuck() {
    int stuck = 0;
    for (Worker worker : workers) if (worker.isStuck()) stuck++;
    return stuck;
  }

  /** False where the host gives no more threads. */
  private boolean startWorker() {
    synchronized (workers) {
      try {
        var worker = new Worker("storage-" + started);
        worker.thread.start();
        started++;
        workers.add(worker);
        return true;
      } catch (OutOfMemoryError _) {
        return false;
      }
    }
  }

  private void tick() {
    long now = nanoClock.getAsLong();
    dirtyPages.sample();
    for (Look look : looks) look.at(now);
    tick = tick == -1 ? 1 : tick + 1;
    synchronized (workers) {
      int surplus = workers.size() - Math.min(count + countStuck(), MOST);
      for (int missing = Math.min(-surplus, work.size()); missing > 0; missing--) {
        if (!startWorker()) break;
      }
      for (; surplus > 0 && retireOne(); surplus--) {}
    }
  }

  /** Sends away the thread that has waited longest. */
  private boolean retireOne() {
    Worker retired;
    synchronized (idle) {
      retired = idle.pollLast();
      if (retired == null) return false;
      retired.retired = true;
      retired.asleep = false;
    }
    workers.remove(retired);
    LockSupport.unpark(retired.thread);
    return true;
  }

  /** Calls {@code look} about twenty times a second until what is returned is run. */
  public Runnable looking(Look look) {
    looks.add(look);
    return () -> looks.remove(look);
  }

  /** How far the host is behind with writing back; an event loop asks before each write. */
  public DirtyPages dirtyPages() {
    return dirtyPages;
  }

  /** The disks that wait for a host that does not answer. */
  public Hangs hangs() {
    return hangs;
  }

  /** Runs {@code task} on one of the threads; never blocks. A task must not throw. */
  @Override
  public void execute(Runnable task) {
    if (closed) throw new RejectedExecutionException("storage threads are stopped");
    work.offer(Cause.carried(task));
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
   * until cancelled; not while it still runs from the last time.
   */
  public ScheduledFuture<?> every(long millis, Runnable task) {
    var runs = new AtomicBoolean();
    Runnable once =
        () -> {
          try {
            task.run();
          } finally {
            runs.set(false);
          }
        };
    return clock.scheduleAtFixedRate(
        () -> {
          if (runs.compareAndSet(false, true)) execute(once);
        },
        millis,
        millis,
        TimeUnit.MILLISECONDS);
  }

  /** Runs {@code task} on one of the threads, {@code millis} from now. */
  public void later(long millis, Runnable task) {
    clock.schedule(() -> execute(task), millis, TimeUnit.MILLISECONDS);
  }

  /** Lets queued tasks finish, then ends the threads; waits for both. */
  @Override
  public void close() {
    close(Long.MAX_VALUE);
  }

  /**
   * The same, waiting for {@code millis} at most.
   *
   * @return false if tasks still wait for the host; their threads end when it answers
   */
  public boolean close(long millis) {
    clock.shutdownNow();
    closed = true;
    dirtyPages.close();
    List<Worker> left;
    synchronized (workers) {
      left = List.copyOf(workers);
    }
    long start = nanoClock.getAsLong();
    try {
      for (Worker worker : left) {
        while (worker.thread.isAlive()) {
          if ((nanoClock.getAsLong() - start) / 1_000_000 >= millis) return false;
          LockSupport.unpark(worker.thread);
          worker.thread.join(10);
        }
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private final class Worker implements Runnable {
    private final Thread thread;
    private volatile boolean asleep;
    private volatile boolean retired;

    /** The tick at which the present task began; 0: there is none. */
    private volatile int busySince;

    Worker(String name) {
      thread = Thread.ofPlatform().daemon().name(name).unstarted(this);
    }

    boolean isStuck() {
      int since = busySince;
      return since != 0 && tick - since >= STUCK_TICKS;
    }

    @Override
    public void run() {
      for (Runnable task = next(); task != null; task = next()) {
        busySince = tick;
        try {
          task.run();
        } catch (Throwable bug) {
          thread.getUncaughtExceptionHandler().uncaughtException(thread, bug);
        }
        busySince = 0;
      }
    }

    /** The next task, or null when the thread shall end and nothing is left. */
    private @Nullable Runnable next() {
      while (true) {
        Runnable task = take();
        if (task != null || retired) return task;
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
     * Stops waiting. If it was woken for another task in the meantime, another worker must do that
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
