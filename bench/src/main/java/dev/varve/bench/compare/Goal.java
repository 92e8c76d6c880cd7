package dev.varve.bench.compare;

import java.util.List;

/**
 * What Varve should reach beside another server.
 *
 * @param metric of what the ratio is
 * @param bound for the median of the ratios of each round
 * @param reference what others reach in the same ratio, as measured once on the machine where the
 *     goals were set; for orientation
 */
record Goal(Metric metric, double bound, String reference) {

  /** What is compared, and which side of the bound is the good one. */
  enum Metric {
    SPEED("requests per second", "at least") {
      @Override
      double of(Measurement m) {
        return m.perSecond();
      }
    },
    SERVER_CPU("server CPU per request", "at most") {
      @Override
      double of(Measurement m) {
        return m.cpuPerOperation();
      }
    };

    private final String title;
    private final String relation;

    Metric(String title, String relation) {
      this.title = title;
      this.relation = relation;
    }

    abstract double of(Measurement m);

    String title() {
      return title;
    }

    String relation() {
      return relation;
    }
  }

  boolean isReached(double ratio) {
    return metric == Metric.SPEED ? ratio >= bound : ratio <= bound;
  }

  /** The ratio of each round, of those rounds in which both were measured. */
  Ratios ratios(List<Measurement> ours, List<Measurement> theirs) {
    return Ratios.of(ours, theirs, metric::of);
  }
}
