package dev.varve.http.server;

import dev.varve.core.measure.Durations;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;
import java.util.List;

/**
 * One metric with its values for one scrape: name, description, and a value for each set of labels.
 * Not thread-safe: of the thread that collects.
 */
sealed interface Family {

  MetricSnapshot snapshot();

  /** What only grows; {@code _total} is added to its name. */
  record Counter(String name, String help, List<CounterDataPointSnapshot> points)
      implements Family {
    Counter(String name, String help) {
      this(name, help, new ArrayList<>());
    }

    void add(Labels labels, double value) {
      points.add(CounterDataPointSnapshot.builder().labels(labels).value(value).build());
    }

    @Override
    public MetricSnapshot snapshot() {
      return new CounterSnapshot(new MetricMetadata(name, help), points);
    }
  }

  /** What goes up and down. */
  record Gauge(String name, String help, List<GaugeDataPointSnapshot> points) implements Family {
    Gauge(String name, String help) {
      this(name, help, new ArrayList<>());
    }

    void add(Labels labels, double value) {
      points.add(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
    }

    @Override
    public MetricSnapshot snapshot() {
      return new GaugeSnapshot(new MetricMetadata(name, help), points);
    }
  }

  /** How long things took. */
  record Histogram(String name, String help, List<HistogramDataPointSnapshot> points)
      implements Family {
    Histogram(String name, String help) {
      this(name, help, new ArrayList<>());
    }

    void add(Labels labels, Durations durations) {
      points.add(DurationBuckets.point(labels, durations));
    }

    @Override
    public MetricSnapshot snapshot() {
      return new HistogramSnapshot(new MetricMetadata(name, help), points);
    }
  }
}
