package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.bench.compare.Goal.Metric;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RatiosTest {

  private static final Goal TWICE_AS_FAST = new Goal(Metric.SPEED, 2, "");
  private static final Goal HALF_THE_CPU = new Goal(Metric.SERVER_CPU, 0.5, "");

  @Test
  void ofEachRoundIsTakenWithinTheRound() {
    // The second round was slow for both, and says the same as the first.
    Ratios ratios =
        TWICE_AS_FAST.ratios(
            List.of(measured(0, 300, 1), measured(1, 30, 1), measured(2, 250, 1)),
            List.of(measured(0, 100, 1), measured(1, 10, 1), measured(2, 100, 1)));

    assertEquals(new Ratios(3, 2.5, 3, 3), ratios);
  }

  @Test
  void leaveOutARoundThatOneOfThemDidNotFinish() {
    Ratios ratios =
        TWICE_AS_FAST.ratios(
            List.of(measured(0, 200, 1), measured(2, 500, 1)),
            List.of(measured(1, 100, 1), measured(2, 100, 1)));

    assertEquals(new Ratios(5, 5, 5, 1), ratios);
  }

  @Test
  void ofNoRoundsAreNone() {
    Ratios ratios = TWICE_AS_FAST.ratios(List.of(), List.of(measured(0, 100, 1)));

    assertEquals(0, ratios.rounds());
    assertTrue(Double.isNaN(ratios.median()));
  }

  @Test
  void ofCpuCountItForEachRequest() {
    // Three times the requests with one and a half times the CPU.
    Ratios ratios =
        HALF_THE_CPU.ratios(List.of(measured(0, 300, 1.5)), List.of(measured(0, 100, 1)));

    assertEquals(0.5, ratios.median(), 1e-9);
  }

  @Test
  void medianOfAnEvenNumberIsTheMiddleOfTheTwoInTheMiddle() {
    assertEquals(3, Ratios.median(9, 1, 4, 2));
  }

  @Test
  void goalIsReachedOnItsGoodSide() {
    assertTrue(TWICE_AS_FAST.isReached(2));
    assertFalse(TWICE_AS_FAST.isReached(1.99));
    assertTrue(HALF_THE_CPU.isReached(0.5));
    assertFalse(HALF_THE_CPU.isReached(0.51));
  }

  private static Measurement measured(int round, long operations, double cpuSeconds) {
    return new Measurement(round, new Load.Result(operations, 1, 0, 0), cpuSeconds, 0);
  }
}
