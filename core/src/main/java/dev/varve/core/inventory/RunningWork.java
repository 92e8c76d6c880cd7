package dev.varve.core.inventory;

import static dev.varve.core.medium.ErrorCode.E_FAIL;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import dev.varve.core.settings.StateFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One piece of work from its beginning to its end: {@link #lock} and {@link #begin} with the lock
 * of the inventory's state, then {@link #run} on the job's thread, which takes that lock for the
 * first and last moments only.
 */
final class RunningWork {

  private final Resources resources;
  private final Transactions transactions;
  private final HostWait host;
  private final Work work;
  private final BooleanSupplier closing;
  private final String id;

  /** What the machine goes back to; null where there is no machine, or nothing has begun. */
  private @Nullable MachineState stateBefore;

  private StateFolder.@Nullable Change change;
  private boolean repeatable;

  /**
   * @param closing whether the program ends: then what can be done again is left to the next run
   */
  RunningWork(Resources resources, Transactions transactions, Work work, BooleanSupplier closing) {
    this.resources = resources;
    this.transactions = transactions;
    this.host = new HostWait(resources, transactions::lastState);
    this.work = work;
    this.closing = closing;
    this.id = resources.newToken();
  }

  /** Of the job, and of its locks. */
  String id() {
    return id;
  }

  String description() {
    return work.description();
  }

  @Nullable MachineId machine() {
    return work.machine();
  }

  @Nullable MachineId makes() {
    return work.makes();
  }

  // ---- the beginning

  /**
   * Locks media for the work.
   *
   * @param ignoring a token whose locks are no obstacle; null for none
   */
  InventoryState lock(InventoryState state, Set<MediumId> media, @Nullable String ignoring) {
    return MediumLocks.take(
        state,
        MediumLocks.writing(media, id, MediumLock.Kind.JOB, description()),
        description(),
        ignoring);
  }

  /** Locks media that the work only reads. */
  InventoryState lockToRead(InventoryState state, List<Medium> media) {
    List<MediumLock> locks = new ArrayList<>();
    for (Medium read : media)
      locks.add(new MediumLock(id, read.id(), false, MediumLock.Kind.JOB, description()));
    return MediumLocks.take(state, locks, description(), null);
  }

  /**
   * @param before the state of the machine to go back to; null where there is no machine
   * @param unfinished what the next run finishes or undoes if this one is killed; null if nothing
   */
  void begin(InventoryState state, @Nullable MachineState before, @Nullable Unfinished unfinished) {
    stateBefore = before;
    repeatable = unfinished instanceof Unfinished.Work;
    change = resources.store().begin(work.creates(), unfinished);
    work.furnished().forEach(change::furnish);
    try {
      work.makeRoom(resources);
    } catch (IOException e) {
      change.rollBack();
      throw refusal(e);
    }
    transactions.publish(state);
  }

  // ---- the work

  void run(Progress progress) {
    var tools = new Work.Tools(resources, transactions, this::makes);
    try {
      work.run(tools, progress);
      MachineId machine = machine();
      if (machine != null) {
        host.forMachine(machine);
        host.forDisks(machine);
      }
      transactions.run(() -> end(tools));
    } catch (IOException e) {
      giveUp();
      throw refusal(e);
    } catch (Throwable e) {
      giveUp();
      throw e;
    }
  }

  private void makes(Path name, FileIdentity file) throws IOException {
    StateFolder.Change begun = Objects.requireNonNull(change);
    transactions.lockedWork(
        () -> {
          begun.makes(name, file);
          return true;
        });
  }

  private RuntimeException refusal(IOException e) {
    boolean half = e instanceof HalfMergedException;
    IOException why = half && e.getCause() instanceof IOException cause ? cause : e;
    String left =
        work.changed().isEmpty() ? "" : "; a part is done: repeat it when the cause is gone";
    return ModelErrors.of(E_FAIL, "cannot " + description() + left, why);
  }

  // ---- the end

  private void end(Work.Tools tools) {
    InventoryState released = released(transactions.state());
    InventoryState after = work.apply(released);
    try {
      Store.Ready ready =
          resources.store().prepare(Objects.requireNonNull(change), after, work.steps(released));
      work.decide(tools, ready::decide);
      ready.carryOut();
    } catch (IOException e) {
      throw refusal(e);
    }
    MachineId machine = machine();
    transactions.settle(machine == null ? after : MachineRuns.relocked(after, machine));
  }

  private InventoryState released(InventoryState state) {
    InventoryState released = state.withoutLocks(id);
    MachineId machine = machine();
    if (stateBefore == null || machine == null) return released;
    return released.with(released.machine(machine).with(stateBefore));
  }

  /**
   * Restores the previous state. A half-done backward merge, and work stopped by shutdown, stay in
   * the journal and are resumed at the next start.
   */
  private void giveUp() {
    transactions.run(() -> giveUpLocked());
  }

  private void giveUpLocked() {
    try {
      work.abandon();
    } finally {
      transactions.publish(released(transactions.state()).withHalfMerged(work.changed()));
      boolean later = !work.changed().isEmpty() || closing.getAsBoolean() && repeatable;
      if (change != null && later) change.postpone();
      else if (change != null) {
        change.rollBack();
        work.undone(resources);
      }
    }
  }
}
