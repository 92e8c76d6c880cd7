package dev.varve.core.log;

import static dev.varve.core.log.LineLimit.KEPT_BACK;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LineLimitTest {

  private static final long PERIOD = 60;

  @Test
  void theFirstComesAtOnceAndTheOthersOfThePeriodAreCounted() {
    var limit = new LineLimit(1, PERIOD);

    assertEquals(0, limit.admit(1000));
    assertEquals(KEPT_BACK, limit.admit(1000));
    assertEquals(KEPT_BACK, limit.admit(1059));
    assertEquals(2, limit.admit(1060));
    assertEquals(KEPT_BACK, limit.admit(1061));
  }

  @Test
  void soManyAsArePermittedComeInEachPeriod() {
    var limit = new LineLimit(2, PERIOD);

    assertEquals(0, limit.admit(0));
    assertEquals(0, limit.admit(1));
    assertEquals(KEPT_BACK, limit.admit(2));
    assertEquals(1, limit.admit(60));
    assertEquals(0, limit.admit(61));
    assertEquals(KEPT_BACK, limit.admit(62));
  }

  @Test
  void whatWasKeptBackIsDueWhenItsPeriodIsOverAndThenToldOnce() {
    var limit = new LineLimit(1, PERIOD);
    limit.admit(0);
    limit.admit(1);
    limit.admit(2);

    assertEquals(0, limit.due(59));
    assertEquals(2, limit.due(60));
    assertEquals(0, limit.due(61));
    assertEquals(KEPT_BACK, limit.admit(62));
    assertEquals(0, limit.due(119));
    assertEquals(1, limit.due(120));
    assertEquals(0, limit.due(180));
  }

  @Test
  void atTheEndTheRestIsToldWithoutWaiting() {
    var limit = new LineLimit(1, PERIOD);
    limit.admit(0);
    limit.admit(1);

    assertEquals(1, limit.rest());
    assertEquals(0, limit.rest());
  }

  @Test
  void aClockThatPassesItsLargestNumberChangesNothing() {
    var limit = new LineLimit(1, PERIOD);

    assertEquals(0, limit.admit(Long.MAX_VALUE - 9));
    assertEquals(KEPT_BACK, limit.admit(Long.MIN_VALUE + 40));
    assertEquals(1, limit.admit(Long.MIN_VALUE + 50));
  }
}
