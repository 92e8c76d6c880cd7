package dev.varve.core.inventory;

import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Amount;
import dev.varve.core.log.Cause;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ModelException;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Long work: what runs, and the last of what ran. Thread safe. */
final class Jobs {

  private static final System.Logger LOG = OperationLog.of(Jobs.class);

  private static final int ENDED_KEPT = 100;

  private final Executor executor;
  private final Consumer<Throwable> bugs;
  private final InstantSource clock;
  private final News news;
  private final Map<String, Job> jobs = new LinkedHashMap<>();

  /** How many there were. Guarded by the jobs. */
  private long begun;

  /**
   * @param bugs receives unexpected failures
   * @param news told of each job that begins, moves or ends
   */
  Jobs(Executor executor, Consumer<Throwable> bugs, InstantSource clock, News news) {
    this(executor, bugs, clock, news, List.of());
  }

  /**
   * The same.
   *
   * @param running jobs that have begun already
   */
  Jobs(
      Executor executor,
      Consumer<Throwable> bugs,
      InstantSource clock,
      News news,
      List<Job> running) {
    this.news = news;
    this.executor = executor;
    this.bugs = bugs;
    this.clock = clock;
    for (Job job : running) jobs.put(job.id(), job);
  }

  /** What a job does, on a thread of the executor. */
  interface Body {
    /**
     * When this returns or throws, no lock is held for the work any more. The job is called ended
     * after that, and whatever waited for it can begin.
     *
     * @throws CancellationException if it stopped because {@code progress} said so
     */
    void run(Progress progress) throws Exception;
  }

  /**
   * Puts work into the list and starts it; it may have ended when this returns.
   *
   * @param machine whose disks are worked on, for {@link #of}; null if the work is of no machine
   */
  Job start(String id, String description, @Nullable MachineId machine, Body body) {
    return start(id, description, machine, () -> null, body);
  }

  /**
   * The same.
   *
   * @param made the machine that the work has made; asked when it is done, by any thread
   */
  Job start(
      String id,
      String description,
      @Nullable MachineId machine,
      Supplier<@Nullable MachineId> made,
      Body body) {
    LOG.log(Level.INFO, "job begun: {0}", description);
    Running job;
    synchronized (jobs) {
      job = new Running(id, ++begun, description, machine, made, body, clock.instant());
      jobs.put(id, job);
      forgetOldest();
    }
    news.spread();
    try {
      executor.execute(Cause.carried(job));
    } catch (RejectedExecutionException e) {
      job.run();
    }
    return job;
  }

  /** Those that run, and the last hundred that ended. */
  List<Job> all() {
    synchronized (jobs) {
      return List.copyOf(jobs.values());
    }
  }

  /** Those that run and work on a machine's disks. */
  List<Job> of(MachineId machine) {
    synchronized (jobs) {
      List<Job> found = new ArrayList<>();
      for (Job job : jobs.values())
        if (machine.equals(job.machine()) && job.state() == Job.State.RUNNING) found.add(job);
      return found;
    }
  }

  private void forgetOldest() {
    long ended = jobs.values().stream().filter(job -> job.state() != Job.State.RUNNING).count();
    Iterator<Job> oldest = jobs.values().iterator();
    while (ended > ENDED_KEPT && oldest.hasNext())
      if (oldest.next().state() != Job.State.RUNNING) {
        oldest.remove();
        ended--;
      }
  }

  private final class Running implements Job, Runnable {
    private final String id;
    private final long number;
    private final String description;
    private final @Nullable MachineId machine;
    private final Supplier<@Nullable MachineId> made;
    private final Body body;
    private final Instant begun;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile State state = State.RUNNING;
    private volatile int permille;
    private volatile boolean cancelled;
    private volatile @Nullable Throwable failure;

    Running(
        String id,
        long number,
        String description,
        @Nullable MachineId machine,
        Supplier<@Nullable MachineId> made,
        Body body,
        Instant begun) {
      this.id = id;
      this.number = number;
      this.description = description;
      this.machine = machine;
      this.made = made;
      this.body = body;
      this.begun = begun;
    }

    @Override
    public void run() {
      try {
        body.run(this::at);
        permille = 1000;
        become(State.DONE);
        LOG.log(Level.INFO, "job done after {0}: {1}", took(), description);
        ended.complete(null);
      } catch (CancellationException e) {
        become(State.CANCELLED);
        LOG.log(Level.INFO, "job cancelled after {0}: {1}", took(), description);
        ended.completeExceptionally(e);
      } catch (Throwable e) {
        if (!(e instanceof ModelException || e instanceof IOException)) bugs.accept(e);
        failure = e;
        become(State.FAILED);
        LOG.log(
            Level.WARNING,
            "job failed after {0}: {1}: {2}",
            took(),
            description,
            FailureWords.of(e));
        ended.completeExceptionally(e);
      }
    }

    private String took() {
      return Amount.time(Duration.between(begun, clock.instant()));
    }

    private void become(State next) {
      state = next;
      news.spread();
    }

    private boolean at(long done, long total) {
      int now = total > 0 ? (int) Math.min(999, 1000.0 * done / total) : 0;
      if (now > permille) { // never back: a second file begins at nothing again
        permille = now;
        news.spread();
      }
      return !cancelled;
    }

    @Override
    public String id() {
      return id;
    }

    @Override
    public long number() {
      return number;
    }

    @Override
    public String description() {
      return description;
    }

    @Override
    public @Nullable MachineId machine() {
      return machine;
    }

    @Override
    public State state() {
      return state;
    }

    @Override
    public int permille() {
      return permille;
    }

    @Override
    public @Nullable MachineId made() {
      return state == State.DONE ? made.get() : null;
    }

    @Override
    public @Nullable Throwable failure() {
      return failure;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public CompletionStage<Void> ended() {
      return ended.minimalCompletionStage();
    }
  }
}
