package dev.varve.bench.compare;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One server's figure divided by another's, round by round. The two figures of a round were
 * measured within the same minute, so that a busy machine cancels out; the median leaves out a
 * round in which it did not. Immutable.
 *
 * @param median not a number where there are no rounds
 */
record Ratios(double median, double lowest, double highest, int rounds) {

  /** Divides {@code ours} by {@code theirs} where both have a measurement of the same round. */
  static Ratios of(
      List<Measurement> ours, List<Measurement> theirs, ToDoubleFunction<Measurement> metric) {
    Map<Integer, Measurement> byRound = new HashMap<>();
    for (Measurement m : theirs) byRound.put(m.round(), m);
    double[] ratios =
        ours.stream()
            .filter(m -> byRound.containsKey(m.round()))
            .mapToDouble(
                m -> metric.applyAsDouble(m) / metric.applyAsDouble(byRound.get(m.round())))
            .toArray();
    return of(ratios);
  }

  private static Ratios of(double[] ratios) {
    if (ratios.length == 0) return new Ratios(Double.NaN, Double.NaN, Double.NaN, 0);
    Arrays.sort(ratios);
    return new Ratios(median(ratios), ratios[0], ratios[ratios.length - 1], ratios.length);
  }

  /** The median of values in any order; not a number if there are none. */
  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int count = sorted.length;
    if (count == 0) return Double.NaN;
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
  }
}
