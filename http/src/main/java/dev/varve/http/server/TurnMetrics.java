package dev.varve.http.server;

import dev.varve.io.nbd.TurnTimes;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import java.util.function.Supplier;

/** A histogram for Prometheus: how long the turns of event loops took. Thread-safe. */
final class TurnMetrics implements Collector {

  private static final double NANOS_PER_SECOND = 1e9;

  private final Supplier<TurnTimes> turns;

  TurnMetrics(Supplier<TurnTimes> turns) {
    this.turns = turns;
  }

  @Override
  public HistogramSnapshot collect() {
    TurnTimes times = turns.get();
    long[] bounds = TurnTimes.boundsNanos();
    var buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i < bounds.length; i++)
      buckets.bucket(bounds[i] / NANOS_PER_SECOND, times.counts().get(i));
    buckets.bucket(Double.POSITIVE_INFINITY, times.counts().getLast());
    return HistogramSnapshot.builder()
        .name("varve_nbd_turn_seconds")
        .help("Turns of event loops for NBD clients, by how long they took")
        .dataPoint(
            HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(buckets.build())
                .sum(times.sumNanos() / NANOS_PER_SECOND)
                .build())
        .build();
  }
}
