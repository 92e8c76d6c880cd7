package dev.varve.core.inventory;

import dev.varve.core.device.FailureWords;
import dev.varve.core.inventory.MachineRuns.Unservable;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts machines and powers them down. Any thread; blocks. The inventory's lock is taken for the
 * first and last moments only: opening and closing disks keeps no other call waiting.
 */
final class MachinePower {

  private static final System.Logger LOG = OperationLog.of(MachinePower.class);

  private final Resources resources;
  private final Transactions transactions;
  private final MediumJobs jobs;
  private final HostWait host;

  MachinePower(Resources resources, Transactions transactions, MediumJobs jobs) {
    this.resources = resources;
    this.transactions = transactions;
    this.jobs = jobs;
    this.host = new HostWait(resources, transactions::lastState);
  }

  // ---- starts

  /** See {@link Inventory#start}. */
  Started start(MachineId machine, StartOptions how) {
    try {
      MachineStart start = begin(machine, how);
      open(start, machine);
      return new Started(resources.disks().uris(machine), start.warnings());
    } catch (ModelException e) {
      LOG.log(Level.INFO, "a machine was not started: {0}", e.getMessage());
      throw e;
    }
  }

  /** Again, where something was changed while it was being looked at. */
  private MachineStart begin(MachineId machine, StartOptions how) {
    HostPlaces.machine(machine).await(host);
    transactions.follow(machine);
    while (true) {
      var start = new MachineStart(resources, transactions.lastState(), machine, how);
      start.look();
      boolean begun =
          transactions.locked(
              () -> {
                InventoryState starting = start.begin(transactions.state());
                if (starting != null) transactions.publish(starting);
                return starting != null;
              });
      if (begun) return start;
    }
  }

  private void open(MachineStart start, MachineId machine) {
    boolean opened = false;
    try {
      start.open(transactions);
      opened = true;
    } finally {
      boolean runs = opened;
      transactions.run(
          () ->
              transactions.publish(
                  runs
                      ? start.running(transactions.state())
                      : MachineRuns.stopped(transactions.state(), machine)));
    }
  }

  // ---- power-downs

  /** See {@link Inventory#powerDown}. */
  void powerDown(MachineId machine) {
    boolean stopping = false;
    while (!stopping) {
      transactions.locked(() -> MachineRuns.checkRunning(transactions.state(), machine));
      jobs.end(machine);
      stopping = transactions.locked(() -> isStopping(machine));
    }
    try {
      resources.disks().stop(machine);
    } catch (IOException e) {
      LOG.log(
          Level.ERROR,
          "machine ''{0}'': not everything that it wrote is on its disks: {1}",
          transactions.lastState().machine(machine).name(),
          FailureWords.of(e));
      throw ModelErrors.of(
          ErrorCode.E_FAIL, "not everything that the machine wrote is on its disks", e);
    } finally {
      transactions.run(
          () -> transactions.publish(MachineRuns.stopped(transactions.state(), machine)));
      HostPlaces.machine(machine).await(host);
      transactions.followIfPossible(machine);
    }
  }

  /** Begins to stop a machine, unless work on its disks has begun again. */
  private boolean isStopping(MachineId machine) {
    MachineEntry running = MachineRuns.checkRunning(transactions.state(), machine);
    if (running.state() == MachineState.DELETING_SNAPSHOT_ONLINE) return false;
    transactions.publish(transactions.state().with(running.with(MachineState.STOPPING)));
    return true;
  }

  // ---- the end of the program

  /**
   * Ends every machine and every session, also if a machine could not end well.
   *
   * @return why not everything has ended well; null if it has
   */
  @Nullable RuntimeException endAll(Duration patience) {
    var endings = new Endings();
    for (MachineEntry entry : transactions.lastState().machines().values())
      if (entry.state().isOnline() || entry.state().isTransient()) endings.begin(entry, this::end);
    RuntimeException failure = endings.await(patience);
    boolean forgotten =
        transactions.lockedWithin(
            patience.dividedBy(4),
            () -> {
              for (MachineEntry entry : transactions.state().machines().values())
                if (endings.hasEnded(entry.id())) forgetUnsaved(entry);
            });
    if (!forgotten && failure == null)
      failure =
          ModelErrors.of(
              ErrorCode.E_FAIL,
              "a change of the settings has not ended in %d s, because the host does not answer; the next start finds out whether it was made",
              patience.toSeconds());
    return failure;
  }

  /** Powers a machine down, or waits until what it does is done, and then does. */
  private void end(MachineId machine) {
    transactions.await(
        state -> {
          MachineEntry entry = state.machines().get(machine);
          return entry == null || !entry.state().isTransient();
        });
    MachineEntry entry = transactions.lastState().machines().get(machine);
    if (entry != null && entry.state().isOnline()) powerDown(machine);
  }

  private void forgetUnsaved(MachineEntry entry) {
    for (MediumLock lock : transactions.state().locks())
      transactions.publish(transactions.state().withoutLocks(lock.token()));
    InventoryState state = transactions.state();
    MachineEntry free = state.machine(entry.id()).withSessions(List.of());
    transactions.carryOut(
        Sessions.discard(state.with(free), entry.id()), entry.id(), Unservable.LEFT_OUT);
  }
}
