package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReaderEpochsTest {

  @Test
  void nobodyInsideHasLeftAtOnce() {
    var epochs = new ReaderEpochs();

    assertTrue(epochs.passed(epochs.epoch()));
    epochs.await();
  }

  @Test
  void momentPassesOnlyWhenWhoWasInsideHasLeft() {
    var epochs = new ReaderEpochs();
    int ticket = epochs.enter();
    long since = epochs.epoch();

    assertFalse(epochs.passed(since));
    epochs.exit(ticket);

    assertTrue(epochs.passed(since));
  }

  @Test
  void whoEntersLaterKeepsNoEarlierMomentFromPassing() {
    var epochs = new ReaderEpochs();
    int early = epochs.enter();
    long since = epochs.epoch();
    assertFalse(epochs.passed(since));

    int late = epochs.enter();
    epochs.exit(early);

    assertTrue(epochs.passed(since));
    assertFalse(epochs.passed(epochs.epoch()));
    epochs.exit(late);
    assertTrue(epochs.passed(epochs.epoch()));
  }

  @Test
  void momentPassesAfterThreeHandOversThoughSomebodyIsAlwaysInside() {
    var epochs = new ReaderEpochs();
    int inside = epochs.enter();
    for (int i = 0; i < 100; i++) {
      long since = epochs.epoch();
      for (int handOvers = 0; !epochs.passed(since); handOvers++) {
        assertTrue(handOvers < 3, "moment " + i);
        int next = epochs.enter();
        epochs.exit(inside);
        inside = next;
      }
    }
  }

  @Test
  void ticketCanBeGivenBackByAnotherThread() throws InterruptedException {
    var epochs = new ReaderEpochs();
    List<Integer> tickets = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Thread enters = new Thread(() -> tickets.add(epochs.enter()));
      enters.start();
      enters.join();
    }
    long since = epochs.epoch();

    for (int ticket : tickets) {
      assertFalse(epochs.passed(since));
      epochs.exit(ticket);
    }

    assertTrue(epochs.passed(since));
  }
}
