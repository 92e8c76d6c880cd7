package dev.varve.core.inventory;

import dev.varve.core.inventory.Preview.Action;
import dev.varve.core.log.Amount;
import dev.varve.core.machine.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The ground on which operations are rehearsed: the state of an inventory at one moment, under the
 * same rules, over ports that note what they are told and do nothing. So an operation says what it
 * will do with the code that does it.
 *
 * <p>Used by one thread.
 */
final class Rehearsal {

  private final RehearsedEffects effects;
  private final Resources resources;
  private final Transactions transactions;
  private final Jobs jobs;
  private final InventoryState before;

  /**
   * Copies what is known now; the caller holds the inventory's lock.
   *
   * @param running jobs of the real inventory, which an operation may end
   */
  Rehearsal(Resources real, Transactions transactions, Jobs running, RehearsedEffects effects) {
    this.effects = effects;
    this.before = transactions.state();
    var images = new RehearsedImages(effects);
    var warnings = new Warnings(real.clock());
    var folder = new RehearsedFolder(real.store().folder(), effects);
    Ports ports = real.ports();
    this.resources =
        new Resources(
            new Ports(
                images,
                new RehearsedDisks(ports.disks(), effects),
                ports.clock(),
                ports.ids(),
                Runnable::run,
                ports.bugs()),
            real.store().over(folder, images, warnings, folder::ofUnsaved),
            new Inspection(images, real.store().folder().moved()),
            warnings);
    this.transactions = transactions.rehearsed(resources);
    this.jobs =
        new Jobs(
            Runnable::run,
            ports.bugs(),
            ports.clock(),
            new News(),
            running.all().stream()
                .filter(job -> job.state() == Job.State.RUNNING)
                .<Job>map(job -> new RehearsedEnding(job, this.transactions, effects))
                .toList());
  }

  Resources resources() {
    return resources;
  }

  Transactions transactions() {
    return transactions;
  }

  Jobs jobs() {
    return jobs;
  }

  /** Makes the calls, and says what they came to. */
  Preview preview(Runnable calls) {
    OperationLog.silently(
        () -> {
          calls.run();
          for (Job job : jobs.all()) passOn(job.failure());
        });
    InventoryState after = transactions.lastState();
    List<String> changes = new ArrayList<>(effects.sentences());
    new Chronicle(resources.clock(), () -> true, changes::add).tell(before, after);
    return new Preview(
        summary(),
        changes,
        effects.files(),
        effects.freed(),
        effects.needed(),
        effects.isLossy() || isAnythingLost(after));
  }

  private static void passOn(@Nullable Throwable failure) {
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException("a job failed that only noted its work", failure);
    }
  }

  private String summary() {
    List<String> parts = new ArrayList<>();
    for (Action action : Action.values()) {
      long count = effects.files().stream().filter(file -> file.action() == action).count();
      if (count > 0)
        parts.add(
            "%s %s %s"
                .formatted(Amount.of(count, "file"), count == 1 ? "is" : "are", action.text()));
    }
    String what = parts.isEmpty() ? "No file changes" : capital(String.join(", ", parts));
    return effects.freed() == 0
        ? what + "."
        : "%s; up to %s become free.".formatted(what, Amount.bytes(effects.freed()));
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  /** Whether a snapshot goes, or changes that a session has not saved. */
  private boolean isAnythingLost(InventoryState after) {
    for (MachineEntry was : before.machines().values()) {
      MachineEntry now = after.machines().get(was.id());
      if (now == null) continue; // its settings file stays, and can be opened again
      for (Snapshot snapshot : was.saved().snapshots())
        if (now.saved().snapshot(snapshot.id()) == null) return true;
      boolean dropped =
          was.hasUnsaved()
              && !now.hasUnsaved()
              && now.saved().hardware().equals(was.saved().hardware());
      if (dropped) return true;
    }
    return false;
  }
}
