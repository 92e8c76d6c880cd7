package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GraceTest {

  @Test
  void nobodyInsideHasLeftAtOnce() {
    var grace = new Grace();

    assertTrue(grace.passed(grace.epoch()));
    grace.await();
  }

  @Test
  void momentPassesOnlyWhenWhoWasInsideHasLeft() {
    var grace = new Grace();
    int ticket = grace.enter();
    long since = grace.epoch();

    assertFalse(grace.passed(since));
    grace.exit(ticket);

    assertTrue(grace.passed(since));
  }

  @Test
  void whoEntersLaterKeepsNoEarlierMomentFromPassing() {
    var grace = new Grace();
    int early = grace.enter();
    long since = grace.epoch();
    assertFalse(grace.passed(since));

    int late = grace.enter();
    grace.exit(early);

    assertTrue(grace.passed(since));
    assertFalse(grace.passed(grace.epoch()));
    grace.exit(late);
    assertTrue(grace.passed(grace.epoch()));
  }

  @Test
  void momentPassesAfterThreeHandOversThoughSomebodyIsAlwaysInside() {
    var grace = new Grace();
    int inside = grace.enter();
    for (int i = 0; i < 100; i++) {
      long since = grace.epoch();
      for (int handOvers = 0; !grace.passed(since); handOvers++) {
        assertTrue(handOvers < 3, "moment " + i);
        int next = grace.enter();
        grace.exit(inside);
        inside = next;
      }
    }
  }

  @Test
  void ticketCanBeGivenBackByAnotherThread() throws InterruptedException {
    var grace = new Grace();
    List<Integer> tickets = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Thread enters = new Thread(() -> tickets.add(grace.enter()));
      enters.start();
      enters.join();
    }
    long since = grace.epoch();

    for (int ticket : tickets) {
      assertFalse(grace.passed(since));
      grace.exit(ticket);
    }

    assertTrue(grace.passed(since));
  }
}
