package dev.varve.io.polling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** How the time for which a loop polls changes. */
class PollPolicyTest {

  private static final long MOST = 64_000;
  private static final long SOON = MOST;
  private static final long LATE = 3 * MOST;

  private final PollPolicy policy = new PollPolicy(MOST);

  @Test
  void timeBeginsWithNothing() {
    assertEquals(0, policy.nanos());
  }

  @Test
  void timeGrowsWhileWorkComesSoon() {
    policy.slept(SOON);
    assertEquals(MOST / 4, policy.nanos());
    policy.slept(SOON);
    assertEquals(MOST / 2, policy.nanos());
  }

  @Test
  void timeGrowsWhilePollingFindsWork() {
    policy.slept(SOON);
    policy.found();
    policy.found();
    policy.found();
    policy.found();

    assertEquals(MOST, policy.nanos());
  }

  @Test
  void timeFallsToNothingWhileWorkComesLate() {
    policy.slept(SOON);
    policy.found();
    policy.found();

    policy.slept(LATE);
    assertEquals(MOST / 2, policy.nanos());
    policy.slept(LATE);
    assertEquals(MOST / 4, policy.nanos());
    policy.slept(LATE);
    assertEquals(0, policy.nanos());
  }

  @Test
  void workThatComesLateIsNoReasonToPoll() {
    for (int i = 0; i < 10_000; i++) policy.slept(LATE);

    assertEquals(0, policy.nanos());
  }

  @Test
  void workThatComesTooLateForTheLongestTimeEndsPolling() {
    for (int i = 0; i < 3; i++) policy.slept(SOON);
    assertEquals(MOST, policy.nanos());

    policy.slept(SOON);

    assertEquals(0, policy.nanos());
  }

  @Test
  void restsGetLongerWhileTrialsFail() {
    assertEquals(1, rest());
    assertEquals(2, nextRest());
    assertEquals(4, nextRest());
    assertEquals(8, nextRest());
  }

  @Test
  void restsGetShorterWhilePollingFindsWork() {
    rest();
    nextRest();
    nextRest();
    assertEquals(8, nextRest());
    for (int i = 0; i < 3; i++) policy.found();

    policy.slept(SOON);
    while (policy.nanos() > 0) policy.slept(SOON);

    assertEquals(2, rest());
  }

  @Test
  void restsAreBounded() {
    rest();
    for (int i = 0; i < 100; i++) assertTrue(nextRest() <= 1024);
  }

  @Test
  void timeIsBoundedWhateverComes() {
    long seed = System.nanoTime();
    var random = new SplittableRandom(seed);
    for (int i = 0; i < 100_000; i++) {
      if (random.nextBoolean()) policy.found();
      else policy.slept(random.nextLong(4 * MOST));
      assertTrue(policy.nanos() >= 0 && policy.nanos() <= MOST, () -> "seed " + seed);
    }
  }

  @Test
  void policyOfNoTimeNeverPolls() {
    var never = new PollPolicy(0);
    for (int i = 0; i < 100; i++) {
      never.slept(0);
      never.found();
      assertEquals(0, never.nanos());
    }
  }

  /** How many sleeps there are until the policy polls. */
  private int rest() {
    int rest = 0;
    for (; policy.nanos() == 0; rest++) policy.slept(SOON);
    return rest;
  }

  /** The same, after it has tried in vain. */
  private int nextRest() {
    while (policy.nanos() > 0) policy.slept(SOON);
    return rest();
  }
}
