package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class TaskLaneTest {

  private static final int PATIENCE_SECONDS = 30;

  private final StorageThreads threads = new StorageThreads(4);

  @AfterEach
  void stop() {
    threads.close();
  }

  @Test
  void laneOfWidthOneRunsItsTasksInTheirOrderAndNeverTwoAtOnce() throws Exception {
    var lane = new TaskLane(threads, 1);
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var done = new CountDownLatch(1000);
    for (int i = 0; i < 1000; i++) {
      int task = i;
      lane.execute(
          () -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            order.add(task);
            inside.decrementAndGet();
            done.countDown();
          });
    }

    assertTrue(done.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertEquals(IntStream.range(0, 1000).boxed().toList(), order);
    assertEquals(1, most.get());
  }

  @Test
  void laneTakesNoMoreThreadsThanItIsWide() throws Exception {
    var lane = new TaskLane(threads, 2);
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var release = new Semaphore(0);
    var done = new CountDownLatch(20);
    for (int i = 0; i < 20; i++) {
      lane.execute(
          () -> {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            release.acquireUninterruptibly();
            inside.decrementAndGet();
            done.countDown();
          });
    }
    var other = new CountDownLatch(1);
    threads.execute(other::countDown);

    assertTrue(other.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "the lane has taken every thread");
    release.release(20);
    assertTrue(done.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
    assertTrue(most.get() <= 2, most::toString);
  }

  @Test
  void noTaskIsForgottenWhenTheLaneIsJustRunningEmpty() throws Exception {
    for (int width = 1; width <= 2; width++) {
      var lane = new TaskLane(threads, width);
      var done = new Semaphore(0);
      for (int i = 0; i < 20_000; i++) {
        lane.execute(done::release);
        assertTrue(done.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS), "task " + i);
      }
    }
  }

  @Test
  void taskThatThrowsStopsNeitherTheLaneNorTheThread() throws Exception {
    var lane = new TaskLane(threads, 1);
    var done = new CountDownLatch(3);
    for (int i = 0; i < 3; i++) {
      lane.execute(
          () -> {
            done.countDown();
            throw new IllegalStateException("a bug, as the test wants it");
          });
    }

    assertTrue(done.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }
}
