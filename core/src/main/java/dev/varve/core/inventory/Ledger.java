package dev.varve.core.inventory;

import dev.varve.core.inventory.MachineRuns.Unservable;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.StateFolder.FileStep;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The present state, and how the next takes its place: rules say what the next is, and what has to
 * be done to files and running disks follows from how the two differ.
 */
final class Ledger {

  private final ReentrantLock lock = new ReentrantLock();
  private final Outside outside;
  private final MachineRuns runs;
  private InventoryState state;
  private volatile View view;

  Ledger(Outside outside, MachineRuns runs, InventoryState state) {
    this.outside = outside;
    this.runs = runs;
    this.state = state;
    this.view = Views.of(state);
  }

  View view() {
    return view;
  }

  /** Runs something while nobody else changes the state. */
  <T> T locked(Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  /** For whoever holds the lock. */
  InventoryState state() {
    assert lock.isHeldByCurrentThread();
    return state;
  }

  /** Makes a state the present one without doing anything for it. */
  void publish(InventoryState next) {
    assert lock.isHeldByCurrentThread();
    if (next == state) return;
    state = next;
    view = Views.of(next);
  }

  // ---- changes that last as long as the session

  /** Changes the working copy of a session's machine. */
  void change(String session, UnaryOperator<InventoryState> rule) {
    locked(
        () -> {
          MachineId machine = state.held(session).id();
          carryOut(rule.apply(state), machine, Unservable.REFUSED);
          return null;
        });
  }

  /** Takes changes of a session's working copy back; the machine goes on without what has gone. */
  void changeBack(String session, UnaryOperator<InventoryState> rule) {
    locked(
        () -> {
          MachineId machine = state.held(session).id();
          carryOut(rule.apply(state), machine, Unservable.LEFT_OUT);
          return null;
        });
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
        outside.store().createImplicit(NewDiff.of(medium, after.medium(parent)));
        created.add(medium);
      }
      next = runs.follow(state, after, machine, unservable);
    } catch (RuntimeException e) {
      outside.store().deleteImplicit(created);
      throw e;
    }
    List<Medium> gone = goneImplicit(after);
    publish(next);
    outside.store().deleteImplicit(gone);
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
    locked(
        () -> {
          decide(rule.apply(state), List.of(), List.of(), null);
          return null;
        });
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
    outside
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
    outside.store().keepImplicit(kept);
    outside.store().deleteImplicit(gone);
  }
}
