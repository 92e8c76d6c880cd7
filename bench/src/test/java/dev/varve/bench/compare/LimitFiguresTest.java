package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is made of the rates that fio saw. */
class LimitFiguresTest {

  private static final int SECONDS = 10;
  private static final int WINDOWS = SECONDS * 1000 / GroupLoad.WINDOW_MILLIS;

  /** A group at 100, then at 200 from second 5 on; the other at 50. */
  private static final LimitSchedule SCHEDULE =
      new LimitSchedule(
          SECONDS,
          List.of(
              new LimitSchedule.Step(0, 0, 100),
              new LimitSchedule.Step(0, 1, 50),
              new LimitSchedule.Step(5, 0, 200)));

  @Test
  void serverThatKeepsItsLimitsIsExactFairAndQuick() {
    var figures = figures(50, 50, 25, 25);
    change(figures, 0, 5, 100);
    change(figures, 1, 5, 100);

    assertArrayEquals(new double[6 + 8], figures.errors(), 1e-9);
    assertEquals(1, Ratios.median(figures.fairness(0)), 1e-9);
    assertEquals(0.25, figures.slowestChange());
  }

  @Test
  void errorsAndUnfairSharesAreSeenInEverySettledSecond() {
    var figures = figures(100, 10, 50, 0);
    change(figures, 0, 5, 220);
    change(figures, 1, 5, 0);

    assertEquals(0.1, Arrays.stream(figures.errors()).max().orElseThrow(), 1e-9);
    assertEquals(0.5, Arrays.stream(figures.fairness(1)).max().orElseThrow(), 1e-9);
    assertTrue(figures.fairness(0)[0] < 0.61);
  }

  @Test
  void slowChangeIsTimedUntilTheLimitIsReached() {
    var figures = figures(50, 50, 25, 25);
    change(figures, 0, 7, 100);
    change(figures, 1, 7, 100);

    assertEquals(2.25, figures.slowestChange());
  }

  @Test
  void usualScheduleBeginsBothGroupsAndChangesThemAtOtherTimes() {
    LimitSchedule usual = LimitSchedule.over(60);

    assertEquals(List.of(16, 30, 44), usual.changes(0));
    assertEquals(List.of(20, 40), usual.changes(1));
    assertEquals(40 << 20, usual.limit(0, 15));
    assertEquals(10 << 20, usual.limit(0, 16));
    assertEquals(5 << 20, usual.limit(1, 59));
  }

  private static LimitFigures figures(double... rates) {
    var all = new double[GroupServer.DISKS][WINDOWS];
    for (int disk = 0; disk < all.length; disk++) Arrays.fill(all[disk], rates[disk]);
    return new LimitFigures("server", SCHEDULE, all, Duration.ZERO);
  }

  private static void change(LimitFigures figures, int disk, int second, double rate) {
    Arrays.fill(figures.rates()[disk], second * WINDOWS / SECONDS, WINDOWS, rate);
  }
}
