package dev.varve.core.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DurationsTest {

  private static final long MICRO = TimeUnit.MICROSECONDS.toNanos(1);

  private final DurationCounter counter = new DurationCounter();

  @Test
  void aDurationCountsUpToTheBoundThatItDoesNotExceed() {
    counter.add(0);
    counter.add(-5); // a clock that another processor shows a little later
    counter.add(10 * MICRO);
    counter.add(10 * MICRO + 1);
    counter.add(TimeUnit.SECONDS.toNanos(11));

    Durations counted = counter.durations();

    assertEquals(3, counted.upTo(10 * MICRO));
    assertEquals(4, counted.upTo(25 * MICRO));
    assertEquals(4, counted.upTo(TimeUnit.SECONDS.toNanos(10)));
    assertEquals(5, counted.count());
    assertEquals(TimeUnit.SECONDS.toNanos(11) + 20 * MICRO - 4, counted.sumNanos());
  }

  @Test
  void everyBoundOfPrometheusIsABoundOfABucket() {
    for (long power = MICRO; power < TimeUnit.SECONDS.toNanos(10); power *= 10)
      for (long bound : new long[] {power, power * 5 / 2, power * 5}) {
        var exactly = new DurationCounter();
        exactly.add(bound);
        exactly.add(bound + 1);
        assertEquals(1, exactly.durations().upTo(bound), () -> bound + " ns");
      }
    assertThrows(IllegalArgumentException.class, () -> counter.durations().upTo(3 * MICRO + 1));
  }

  @Test
  void percentilesAreWithinABucketOfTheTruth() {
    long seed = Long.getLong("varve.seed", System.nanoTime());
    var random = new Random(seed);
    long[] all = new long[10_000];
    for (int i = 0; i < all.length; i++) {
      all[i] = (long) (2 * MICRO * Math.exp(random.nextDouble() * 14));
      counter.add(all[i]);
    }
    java.util.Arrays.sort(all);

    for (double part : new double[] {0.01, 0.5, 0.9, 0.99, 0.999}) {
      double truth = all[(int) (part * all.length)];
      double told = counter.durations().percentileNanos(part);
      assertTrue(
          Math.abs(told - truth) / truth < 0.18,
          () -> "seed %d: %s is %.0f, told is %.0f".formatted(seed, part, truth, told));
    }
  }

  @Test
  void whatHasCountedTogetherIsAddedAndWhatWasBeforeIsTakenAway() {
    counter.add(5 * MICRO, 3);
    Durations before = counter.durations();
    counter.add(50 * MICRO);

    Durations since = counter.durations().since(before);

    assertEquals(1, since.count());
    assertEquals(50 * MICRO, since.sumNanos());
    assertEquals(7, counter.durations().plus(before).count());
    assertEquals(0, Durations.NONE.percentileNanos(0.5));
  }

  @Test
  void whatIsToldOfThemMakesTheSameAgain() {
    counter.add(5 * MICRO, 3);
    counter.add(TimeUnit.MINUTES.toNanos(1));
    Durations counted = counter.durations();

    Durations again = Durations.of(counted.buckets(), counted.sumNanos());

    assertEquals(counted.buckets(), again.buckets());
    assertEquals(counted.sumNanos(), again.sumNanos());
    assertEquals(4, again.count());
  }
}
