package dev.varve.core.inventory;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A real job that goes on, and in the rehearsal ends as if it was cancelled. Used by one thread.
 */
final class RehearsedEnding implements Job {

  private final Job job;
  private final Transactions transactions;
  private final RehearsedEffects effects;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  RehearsedEnding(Job job, Transactions transactions, RehearsedEffects effects) {
    this.job = job;
    this.transactions = transactions;
    this.effects = effects;
  }

  @Override
  public void cancel() {
    if (ended.isDone()) return;
    effects.say(
        "the job '%s' is cancelled, or waited for if it cannot stop any more"
            .formatted(job.description()));
    transactions.run(() -> transactions.publish(released(transactions.state())));
    ended.complete(null);
  }

  private InventoryState released(InventoryState state) {
    InventoryState released = state.withoutLocks(job.id());
    MachineId machine = job.machine();
    MachineEntry entry = machine == null ? null : state.machines().get(machine);
    if (entry == null || entry.state() != MachineState.DELETING_SNAPSHOT_ONLINE) return released;
    return released.with(entry.with(MachineState.RUNNING));
  }

  @Override
  public CompletionStage<Void> ended() {
    return ended;
  }

  @Override
  public String id() {
    return job.id();
  }

  @Override
  public long number() {
    return job.number();
  }

  @Override
  public String description() {
    return job.description();
  }

  @Override
  public @Nullable MachineId machine() {
    return job.machine();
  }

  @Override
  public State state() {
    return ended.isDone() ? State.CANCELLED : State.RUNNING;
  }

  @Override
  public int permille() {
    return job.permille();
  }

  @Override
  public @Nullable MachineId made() {
    return null;
  }

  @Override
  public @Nullable Throwable failure() {
    return null;
  }
}
