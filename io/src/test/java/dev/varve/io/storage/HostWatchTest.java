package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Looks twenty times a second, by a clock of its own. */
class HostWatchTest {

  private static final long TICK = 50_000_000;
  private static final long SECOND = 1_000_000_000;

  private final List<Runnable> logged = new ArrayList<>();
  private final Hangs hangs = new Hangs(logged::add);
  private final ReaderEpochs requests = new ReaderEpochs();
  private final ReaderEpochs writes = new ReaderEpochs();
  private final HostWatch watch = new HostWatch("disk.vdi", hangs, requests, 0, writes);
  private long now;

  private void look() {
    now += TICK;
    watch.at(now);
  }

  private void lookFor(long nanos) {
    for (long end = now + nanos; now < end; ) look();
  }

  @Test
  void writeThatIsUnderWayAtTwoLooksMakesTheDiskSlow() {
    look();
    int ticket = writes.enter();
    look();
    look();

    assertTrue(watch.isSlow());
    writes.exit(ticket);
  }

  @Test
  void manyShortWritesDoNotThoughOneIsAlwaysUnderWay() {
    int inside = writes.enter();
    for (int i = 0; i < 200; i++) {
      look();
      int next = writes.enter();
      writes.exit(inside);
      inside = next;
      assertFalse(watch.isSlow(), "look " + i);
    }
    writes.exit(inside);
  }

  @Test
  void slowDiskIsFastAgainWhenAllWritesHaveBeenFastForAWhile() {
    int ticket = writes.enter();
    lookFor(SECOND);
    writes.exit(ticket);

    lookFor(SECOND);
    assertTrue(watch.isSlow());
    lookFor(2 * SECOND);

    assertFalse(watch.isSlow());
  }

  @Test
  void requestThatWaitsForASecondMakesTheDiskSlowToo() {
    look();
    int ticket = requests.enter();
    lookFor(SECOND / 2);
    assertFalse(watch.isSlow());

    lookFor(SECOND);

    assertTrue(watch.isSlow());
    requests.exit(ticket);
  }

  @Test
  void hangIsToldOnceAndItsEndOnce() {
    int stuck = requests.enter();
    lookFor(4 * SECOND);
    assertEquals(0, hangs.count());

    lookFor(20 * SECOND);
    assertEquals(List.of("disk.vdi"), hangs.names());
    assertEquals(1, logged.size());

    requests.exit(stuck);
    lookFor(20 * SECOND);
    assertEquals(0, hangs.count());
    assertEquals(2, logged.size());
  }

  @Test
  void writeOfAnEventLoopThatDoesNotReturnIsAHangToo() {
    writes.enter();

    lookFor(6 * SECOND);

    assertEquals(1, hangs.count());
  }

  @Test
  void requestsThatAreAnsweredAreNoHangHoweverManyThereAlwaysAre() {
    int inside = requests.enter();
    for (int i = 0; i < 1000; i++) {
      look();
      int next = requests.enter();
      requests.exit(inside);
      inside = next;
    }

    assertEquals(0, hangs.count());
    requests.exit(inside);
  }

  @Test
  void diskThatIsClosedHangsNoMore() {
    requests.enter();
    lookFor(6 * SECOND);

    watch.end();

    assertEquals(0, hangs.count());
  }
}
