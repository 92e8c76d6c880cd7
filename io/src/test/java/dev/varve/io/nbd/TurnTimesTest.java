package dev.varve.io.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TurnTimesTest {

  private final TurnTimes.Counter loop = new TurnTimes.Counter();

  @Test
  void aTurnCountsForTheFirstBoundThatItDoesNotExceed() {
    loop.add(0);
    loop.add(TimeUnit.MICROSECONDS.toNanos(100));
    loop.add(TimeUnit.MICROSECONDS.toNanos(100) + 1);
    loop.add(TimeUnit.SECONDS.toNanos(11));

    TurnTimes times = loop.plus(TurnTimes.NONE);

    assertEquals(TurnTimes.boundsNanos().length + 1, times.counts().size());
    assertEquals(2, times.counts().getFirst());
    assertEquals(1, times.counts().get(1));
    assertEquals(1, times.counts().getLast());
    assertEquals(4, times.counts().stream().mapToLong(Long::longValue).sum());
    assertEquals(TimeUnit.SECONDS.toNanos(11) + 200_001, times.sumNanos());
  }

  @Test
  void theTurnsOfSeveralLoopsAreAdded() {
    var other = new TurnTimes.Counter();
    loop.add(5);
    other.add(7);

    TurnTimes times = other.plus(loop.plus(TurnTimes.NONE));

    assertEquals(2, times.counts().getFirst());
    assertEquals(12, times.sumNanos());
  }
}
