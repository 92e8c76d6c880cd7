package dev.varve.core.inventory;

import dev.varve.core.inventory.MachineRuns.Unservable;
import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The present state, and how the next takes its place: rules say what the next is, and what has to
 * be done to files and running disks follows from how the two differ. Thread-safe: one lock guards
 * the state, and methods that need it held assert that.
 */
final class Transactions {

  private static final int MOST_ATTEMPTS = 4;

  /** How long a list of machines waits for the host. */
  private static final Duration LOOK_PATIENCE = Duration.ofSeconds(1);

  private final ReentrantLock lock;
  private final Condition published;
  private final boolean rehearsed;
  private final Resources resources;
  private final MachineRuns runs;
  private final OutsideEdits edits;
  private final HostWait host;
  private final Chronicle chronicle;
  private final News news;
  private final PatientLook patientLook = new PatientLook(LOOK_PATIENCE);
  private volatile InventoryState state;
  private volatile View view;
  private volatile Consumer<InventoryState> viewer = _ -> {};

  Transactions(Resources resources, MachineRuns runs, News news, InventoryState state) {
    this(resources, runs, news, state, new ReentrantLock(), false);
  }

  private Transactions(
      Resources resources,
      MachineRuns runs,
      News news,
      InventoryState state,
      ReentrantLock lock,
      boolean rehearsed) {
    this.lock = lock;
    this.published = lock.newCondition();
    this.rehearsed = rehearsed;
    this.resources = resources;
    this.runs = runs;
    this.edits = new OutsideEdits(resources);
    this.chronicle = new Chronicle(resources.clock());
    this.host = new HostWait(resources, () -> this.state);
    this.news = news;
    this.state = state;
    this.view = Views.of(state);
  }

  /**
   * Transactions on a copy of the state, under the same lock: the state folder stays the thing of
   * one thread at a time.
   */
  Transactions rehearsed(Resources others) {
    return new Transactions(others, new MachineRuns(others), new News(), state, lock, true);
  }

  View view() {
    return view;
  }

  /**
   * Runs something while nothing else changes the state. Where it would write a settings file that
   * another program has changed, that is read again, and the work is done from its beginning.
   */
  <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      if (lock.getHoldCount() > 1) return work.get();
      for (int attempt = 1; ; attempt++) {
        try {
          return work.get();
        } catch (OutdatedException e) {
          follow(e.machine());
          if (attempt == MOST_ATTEMPTS) throw neverStill(e.machine());
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** The same for work without a result. */
  void run(Runnable work) {
    locked(
        () -> {
          work.run();
          return true;
        });
  }

  private RuntimeException neverStill(MachineId machine) {
    return ModelErrors.of(
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        "another program writes '%s' again and again; try again when it has ended",
        state.machine(machine).saved().settingsFile());
  }

  // ---- settings files that other programs write

  /**
   * Makes a machine what its settings file says; what is about to use the machine begins so.
   *
   * @throws dev.varve.core.medium.ModelException if the file contradicts what is open, or is gone
   */
  void follow(MachineId machine) {
    run(
        () -> {
          MachineRuns.checkSettled(state.machine(machine), "try again");
          OutsideEdits.Followed followed = edits.follow(state, machine);
          become(followed.state()); // what it says is told by what it says
          edits.take(followed);
        });
  }

  /**
   * The same after changes that a session has not saved are thrown away, if there are any.
   *
   * @return whether there were any
   */
  boolean reload(MachineId machine, boolean discard) {
    MachineEntry entry = state.machine(machine);
    if (!entry.hasUnsaved()) {
      follow(machine);
      return false;
    }
    if (!discard)
      throw Blockers.refusal(
          ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
          Blockers.sessions(entry),
          "a session of machine '%s' has changes that are not saved; save them, or drop them with --discard",
          entry.name());
    OutsideEdits.Followed followed = edits.follow(Sessions.discard(state, machine), machine);
    carryOut(followed.state(), machine, Unservable.LEFT_OUT);
    edits.take(followed);
    return true;
  }

  /** The same where it can be; else a standing warning says why not. */
  void followIfPossible(MachineId machine) {
    try {
      follow(machine);
    } catch (ModelException e) {
      // It stands among the warnings.
    }
  }

  /**
   * The same for those of some machines whose files have changed, unless something else is changing
   * the state right now. Any thread; files are compared without the lock.
   */
  void look(Collection<View.MachineView> machines) {
    List<MachineId> changed =
        patientLook.changed(machines, edits::mayHaveChanged).stream()
            .map(machine -> machine.saved().id())
            .toList();
    if (!lock.tryLock()) return;
    try {
      for (MachineId machine : changed)
        if (state.machines().containsKey(machine)) followIfPossible(machine);
      edits.lookAtTheRest();
    } finally {
      lock.unlock();
    }
  }

  /** Something done with files under the lock. */
  interface FileWork<T> {
    T run() throws IOException;
  }

  /** The same for what may fail. */
  <T> T lockedWork(FileWork<T> work) throws IOException {
    lock.lock();
    try {
      return work.run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The same, unless another thread keeps the lock for longer than {@code patience}.
   *
   * @return false if the work was not done
   */
  boolean lockedWithin(Duration patience, Runnable work) {
    try {
      if (!lock.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS)) return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    try {
      work.run();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the state is one that {@code wanted} accepts. Not for a thread that holds the lock.
   */
  void await(Predicate<InventoryState> wanted) {
    lock.lock();
    try {
      while (!wanted.test(state)) {
        if (rehearsed) throw onTheWay(); // this copy of the state would never change
        published.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private static RuntimeException onTheWay() {
    return ModelErrors.of(
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        "the machine is being started or powered down; ask again when that has ended");
  }

  /** For the thread that holds the lock. */
  InventoryState state() {
    assert lock.isHeldByCurrentThread();
    return state;
  }

  /** The state, which may be another one a moment later; does not wait. */
  InventoryState lastState() {
    return state;
  }

  /** Makes a state the present one without doing anything for it. */
  void publish(InventoryState next) {
    assert lock.isHeldByCurrentThread();
    if (next == state) return;
    InventoryState before = state;
    become(next);
    chronicle.tell(before, next);
  }

  private void become(InventoryState next) {
    state = next;
    view = Views.of(next);
    published.signalAll();
    viewer.accept(next);
    news.spread();
  }

  /** Shows {@code viewer} this state and each later one. It is called with the lock held. */
  void showTo(Consumer<InventoryState> viewer) {
    run(
        () -> {
          this.viewer = viewer;
          viewer.accept(state);
        });
  }

  // ---- changes that last as long as the session

  /** Changes the working copy of a session's machine. */
  void change(String session, UnaryOperator<InventoryState> rule) {
    host.forSession(session);
    run(
        () -> {
          MachineId machine = state.held(session).id();
          follow(machine);
          carryOut(rule.apply(state), machine, Unservable.REFUSED);
        });
  }

  /**
   * Takes changes of a session's working copy back; the machine continues without the devices that
   * are gone. From then on its settings file counts again.
   */
  void changeBack(String session, UnaryOperator<InventoryState> rule) {
    boolean done = false;
    while (!done) {
      await(now -> now.isSettled(session)); // a session must always come to its end
      host.forSession(session);
      done =
          locked(
              () -> {
                if (!state.isSettled(session)) return false;
                MachineId machine = state.held(session).id();
                carryOut(rule.apply(state), machine, Unservable.LEFT_OUT);
                followIfPossible(machine);
                return true;
              });
    }
  }

  /** Makes and deletes the files of what attaching makes, and lets a running machine follow. */
  void carryOut(InventoryState after, MachineId machine, Unservable unservable) {
    Set<MediumId> made = new HashSet<>(after.implicitMedia());
    made.removeAll(state.implicitMedia());
    List<Medium> created = new ArrayList<>();
    InventoryState next;
    try {
      for (MediumId id : made) {
        Medium medium = after.medium(id);
        MediumId parent = medium.parent();
        assert parent != null;
        resources.store().createImplicit(NewDiff.of(medium, after.medium(parent)));
        created.add(medium);
      }
      next = runs.follow(state, after, machine, unservable);
    } catch (RuntimeException e) {
      resources.store().deleteImplicit(created);
      throw e;
    }
    List<Medium> gone = goneImplicit(after);
    publish(next);
    resources.store().deleteImplicit(gone);
  }

  private List<Medium> goneImplicit(InventoryState after) {
    return state.implicitMedia().stream()
        .filter(id -> !after.media().containsKey(id))
        .map(state::medium)
        .toList();
  }

  // ---- changes that outlive the process

  /** Makes a change durable. */
  void decide(UnaryOperator<InventoryState> rule) {
    run(() -> decide(rule.apply(state), List.of(), List.of(), null));
  }

  /**
   * Makes a change with its files durable.
   *
   * @param moment when it is decided; null: at once
   */
  void decide(
      InventoryState after,
      List<NewDiff> diffs,
      List<FileStep> steps,
      Store.@Nullable Moment moment) {
    resources.inspection().checkSteps(steps, "make the change");
    resources
        .store()
        .commit(after, diffs, steps, moment == null ? RunningDisks.Decision::run : moment);
    settle(after);
  }

  /** After the decision: what attaching made is ordinary now, or gone. */
  void settle(InventoryState after) {
    List<Medium> gone = goneImplicit(after);
    Set<MediumId> kept = new HashSet<>(state.implicitMedia());
    kept.retainAll(after.media().keySet());
    kept.removeAll(after.implicitMedia());
    publish(after);
    resources.store().keepImplicit(kept);
    resources.store().deleteImplicit(gone);
  }
}
