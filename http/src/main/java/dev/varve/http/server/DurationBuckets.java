package dev.varve.http.server;

import dev.varve.core.measure.Durations;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;

/**
 * Durations as a histogram for Prometheus: from 10 microseconds to 10 seconds, three bounds for
 * each power of ten. The bounds are fixed, so that histograms of all disks and versions can be
 * added up.
 */
final class DurationBuckets {

  private static final double NANOS_PER_SECOND = 1e9;
  private static final long FIRST_NANOS = 10_000;
  private static final long LAST_NANOS = 10_000_000_000L;
  private static final int[] TENTHS = {10, 25, 50};

  private DurationBuckets() {}

  static HistogramDataPointSnapshot point(Labels labels, Durations durations) {
    var buckets = ClassicHistogramBuckets.builder();
    long below = 0;
    for (long power = FIRST_NANOS; power <= LAST_NANOS; power *= 10)
      for (int tenths : TENTHS) {
        long bound = power / 10 * tenths;
        if (bound > LAST_NANOS) break;
        long upTo = durations.upTo(bound);
        buckets.bucket(bound / NANOS_PER_SECOND, upTo - below);
        below = upTo;
      }
    buckets.bucket(Double.POSITIVE_INFINITY, durations.count() - below);
    return HistogramDataPointSnapshot.builder()
        .labels(labels)
        .classicHistogramBuckets(buckets.build())
        .sum(durations.sumNanos() / NANOS_PER_SECOND)
        .build();
  }
}
