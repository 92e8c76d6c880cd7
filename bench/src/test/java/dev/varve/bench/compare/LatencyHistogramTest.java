package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class LatencyHistogramTest {

  private final LatencyHistogram latencies = new LatencyHistogram();

  @Test
  void smallValuesAreExact() {
    for (long nanos = 1; nanos <= 50; nanos++) latencies.add(nanos);

    assertEquals(25, latencies.percentile(50));
    assertEquals(50, latencies.percentile(100));
    assertEquals(1, latencies.percentile(0));
  }

  @Test
  void largeValuesAreWithinThreePercent() {
    for (long nanos = 1000; nanos <= 1_000_000; nanos += 1000) latencies.add(nanos);

    assertWithinThreePercent(990_000, latencies.percentile(99));
    assertWithinThreePercent(500_000, latencies.percentile(50));
  }

  @Test
  void everyLatencyHasAPlace() {
    latencies.add(0);
    latencies.add(Long.MAX_VALUE);

    assertEquals(2, latencies.total());
    assertEquals(0, latencies.percentile(50));
    assertWithinThreePercent(Long.MAX_VALUE, latencies.percentile(100));
  }

  @Test
  void nothingHasNoPercentile() {
    assertEquals(0, latencies.percentile(99));
  }

  private static void assertWithinThreePercent(long expected, long actual) {
    long tolerated = expected / 100 * 3 + expected / 500;
    assertTrue(Math.abs(expected - actual) <= tolerated, () -> actual + " is not " + expected);
  }
}
