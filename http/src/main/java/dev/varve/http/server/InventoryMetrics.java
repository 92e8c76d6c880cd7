package dev.varve.http.server;

import dev.varve.core.inventory.Inventory;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.Warnings;
import dev.varve.core.machine.MachineState;
import dev.varve.core.medium.MediumState;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Locale;

/**
 * Metrics of what a state folder holds: machines and media by their state, jobs, warnings. Counted
 * in a published view for each scrape. Thread-safe; waits for no disk and no change.
 */
final class InventoryMetrics implements MultiCollector {

  private final Inventory inventory;

  InventoryMetrics(Inventory inventory) {
    this.inventory = inventory;
  }

  @Override
  public MetricSnapshots collect() {
    return MetricSnapshots.of(
        machines().snapshot(), media().snapshot(), warnings().snapshot(), jobs().snapshot());
  }

  private Family machines() {
    var machines = new Family.Gauge("varve_machines", "Registered machines");
    var all = inventory.view().machines().values();
    for (MachineState state : MachineState.values())
      machines.add(
          Labels.of("state", state.text()), all.stream().filter(m -> m.state() == state).count());
    return machines;
  }

  private Family media() {
    var media = new Family.Gauge("varve_media", "Registered media");
    var all = inventory.view().media().values();
    for (MediumState state : MediumState.values())
      media.add(
          Labels.of("state", state.text()), all.stream().filter(m -> m.state() == state).count());
    return media;
  }

  private Family warnings() {
    var warnings = new Family.Gauge("varve_warnings", "Problems that go on at the moment");
    var all = inventory.warnings().all();
    for (Warnings.Kind kind : Warnings.Kind.values())
      warnings.add(
          Labels.of("kind", kind.text()), all.stream().filter(w -> w.kind() == kind).count());
    return warnings;
  }

  /** The list of jobs forgets old ones, so that these are no counters. */
  private Family jobs() {
    var jobs = new Family.Gauge("varve_jobs", "Jobs that are listed, by their state");
    var all = inventory.jobs();
    for (Job.State state : Job.State.values())
      jobs.add(
          Labels.of("state", state.name().toLowerCase(Locale.ROOT)),
          all.stream().filter(job -> job.state() == state).count());
    return jobs;
  }
}
