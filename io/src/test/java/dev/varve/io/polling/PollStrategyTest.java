package dev.varve.io.polling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a loop polls, in a simulated time. */
class PollStrategyTest {

  private static final long MICRO = 1_000;
  private static final long MOST = 60 * MICRO;

  /** So many requests that the loop has looked at the processors. */
  private static final int WARM_UP = 2000;

  private final PollingLoops loops = new PollingLoops(2);

  private SimulatedLoop loop(LongUnaryOperator thinks) {
    return new SimulatedLoop(MOST, loops, thinks);
  }

  @Test
  void clientThatAsksAgainSoonIsFoundByPolling() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    loop.answer(WARM_UP);
    long before = loop.totals().found();

    loop.answer(1000);

    assertEquals(1000, loop.totals().found() - before);
  }

  @Test
  void clientThatIsFoundByPollingIsAnsweredSooner() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    loop.answer(WARM_UP);
    long before = loop.now();

    loop.answer(1000);

    assertTrue(loop.now() - before < 1000 * (27 * MICRO), () -> "" + (loop.now() - before));
  }

  @Test
  void clientThatStopsAskingCostsOneTimeOfPolling() throws Exception {
    SimulatedLoop loop = loop(n -> n == WARM_UP ? 3_600_000_000L * MICRO : 20 * MICRO);
    loop.answer(WARM_UP);
    long before = loop.totals().nanos();

    loop.answer(1);

    long cost = loop.totals().nanos() - before;
    assertTrue(cost <= MOST + SimulatedLoop.LOOK, () -> cost + " ns");
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1000, 2000, 5000, 8000, 10_000, 15_000})
  void clientWhoseRequestsComeTooLateCostsLittle(long perSecond) throws Exception {
    SimulatedLoop loop = loop(_ -> 1_000_000 / perSecond * MICRO);

    loop.answer(20_000);

    double part = (double) loop.totals().nanos() / loop.now();
    assertTrue(part < 0.02, () -> "polls for " + 100 * part + " % of the time");
  }

  @ParameterizedTest
  @ValueSource(longs = {100, 1000})
  void clientOfLowRateThatAsksAtRandomCostsATenthOfAProcessorAtMost(long perSecond)
      throws Exception {
    long seed = System.nanoTime();
    var random = new SplittableRandom(seed);
    double mean = 1_000_000.0 / perSecond * MICRO;
    SimulatedLoop loop = loop(_ -> (long) (-mean * Math.log(1 - random.nextDouble())));

    loop.answer(20_000);

    double part = (double) loop.totals().nanos() / loop.now();
    assertTrue(part < 0.1, () -> "polls for " + 100 * part + " % of the time, seed " + seed);
  }

  @Test
  void flushOnceInSixteenRequestsDoesNotEndPolling() throws Exception {
    SimulatedLoop loop = loop(n -> n % 16 == 0 ? 600 * MICRO : 20 * MICRO);
    loop.answer(WARM_UP);
    long before = loop.totals().found();

    loop.answer(1600);

    assertTrue(loop.totals().found() - before >= 1400, () -> loop.totals().toString());
  }

  @Test
  void requestThatIsThereAlreadyIsNoPolling() throws Exception {
    SimulatedLoop loop = loop(_ -> 0);

    loop.answer(WARM_UP);

    assertEquals(0, loop.totals().nanos());
  }

  @Test
  void taskOfAnotherThreadEndsPollingAsFound() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    loop.answer(WARM_UP);
    PollTotals before = loop.totals();
    loop.turn(false);
    loop.turn(false);

    loop.task();

    assertEquals(before.found() + 1, loop.totals().found());
    assertEquals(before.missed(), loop.totals().missed());
    assertTrue(loops.enter());
  }

  @Test
  void loopDoesNotPollWhileThreadsWaitForAProcessor() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    loop.answer(WARM_UP);
    loop.isCrowded = true;
    loop.answer(WARM_UP); // it has looked meanwhile
    long before = loop.totals().nanos();

    loop.answer(10 * WARM_UP);

    assertEquals(before, loop.totals().nanos());
  }

  @Test
  void loopPollsAgainOnceNoThreadWaits() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    loop.isCrowded = true;
    loop.answer(WARM_UP);
    assertEquals(0, loop.totals().found());

    loop.isCrowded = false;
    loop.answer(WARM_UP);

    assertTrue(loop.totals().found() > WARM_UP / 2, () -> loop.totals().toString());
    assertTrue(loop.totals().missed() < 10, () -> loop.totals().toString());
  }

  @Test
  void loopThatWasKeptFromPollingNeedsNoRest() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    loop.answer(WARM_UP);
    loop.isCrowded = true;
    loop.answer(10 * WARM_UP);
    loop.isCrowded = false;
    loop.answer(WARM_UP / 2); // it has looked meanwhile
    long before = loop.totals().found();

    loop.answer(WARM_UP);

    assertEquals(WARM_UP, loop.totals().found() - before);
  }

  @Test
  void loopSleepsWhileAnotherPolls() throws Exception {
    SimulatedLoop loop = loop(_ -> 20 * MICRO);
    assertTrue(loops.enter());

    loop.answer(2 * WARM_UP);

    assertEquals(0, loop.totals().nanos());
  }

  @Test
  void loopThatSleepsLetsAnotherPoll() throws Exception {
    SimulatedLoop loop = loop(n -> n % 2 == 0 ? 600 * MICRO : 20 * MICRO);

    loop.answer(WARM_UP);

    assertTrue(loops.enter());
    assertFalse(loops.enter());
  }

  @Test
  void machineOfOneProcessorDoesNotPoll() throws Exception {
    var loop = new SimulatedLoop(MOST, new PollingLoops(1), _ -> 20 * MICRO);

    loop.answer(WARM_UP);

    assertEquals(0, loop.totals().nanos());
  }
}
