package dev.varve.http.server;

import dev.varve.core.measure.Durations;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.function.Supplier;

/** A histogram for Prometheus: how long the turns of event loops took. Thread-safe. */
final class TurnMetrics implements Collector {

  private final Supplier<Durations> turns;

  TurnMetrics(Supplier<Durations> turns) {
    this.turns = turns;
  }

  @Override
  public MetricSnapshot collect() {
    var histogram =
        new Family.Histogram(
            "varve_nbd_turn_seconds",
            "Turns of event loops for NBD clients, by how long they took");
    histogram.add(Labels.EMPTY, turns.get());
    return histogram.snapshot();
  }
}
