package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Exchanger;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class StorageThreadsTest {

  private static final int PATIENCE_SECONDS = 30;

  /** The thread falls asleep between any two tasks: a wake-up that gets lost stops everything. */
  @Test
  void noTaskIsForgottenHoweverItMeetsAThreadThatFallsAsleep() throws Exception {
    for (int count = 1; count <= 3; count++) {
      try (var threads = new StorageThreads(count)) {
        var done = new Semaphore(0);
        for (int i = 0; i < 20_000; i++) {
          threads.execute(done::release);
          if (i % 3 == 0) threads.execute(done::release);
          int tasks = i % 3 == 0 ? 2 : 1;
          assertTrue(done.tryAcquire(tasks, PATIENCE_SECONDS, TimeUnit.SECONDS), "round " + i);
        }
      }
    }
  }

  @Test
  void tasksFromManyThreadsAreEachRunOnce() throws Exception {
    int perThread = 5000;
    var runs = new AtomicLongArray(4 * perThread);
    try (var threads = new StorageThreads(3)) {
      List<Thread> callers = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        int first = caller * perThread;
        callers.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      for (int i = first; i < first + perThread; i++) {
                        int task = i;
                        threads.execute(() -> runs.incrementAndGet(task));
                      }
                    }));
      }
      for (Thread caller : callers) caller.join();
    }

    for (int i = 0; i < runs.length(); i++) assertEquals(1, runs.get(i), "runs of task " + i);
  }

  /** Two tasks that wait for each other need two threads: both must be awake. */
  @Test
  void asManyTasksRunAtOnceAsThereAreThreads() throws Exception {
    try (var threads = new StorageThreads(2)) {
      for (int round = 0; round < 200; round++) {
        var meeting = new Exchanger<Integer>();
        var met = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
          threads.execute(
              () -> {
                try {
                  meeting.exchange(1, PATIENCE_SECONDS, TimeUnit.SECONDS);
                  met.countDown();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
        }
        assertTrue(met.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "round " + round);
      }
    }
  }

  @Test
  void closingRunsWhatIsQueuedAndRefusesWhatComesLater() {
    var threads = new StorageThreads(1);
    var ran = new AtomicInteger();
    for (int i = 0; i < 100; i++) threads.execute(ran::incrementAndGet);

    threads.close();

    assertEquals(100, ran.get());
    assertThrows(RejectedExecutionException.class, () -> threads.execute(ran::incrementAndGet));
  }

  @Test
  void laterAndEveryRunTheirTasks() throws Exception {
    try (var threads = new StorageThreads(1)) {
      var ticks = new CountDownLatch(3);
      var ticking = threads.every(1, ticks::countDown);
      var once = new CountDownLatch(1);
      threads.later(1, once::countDown);

      assertTrue(ticks.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertTrue(once.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      ticking.cancel(false);
    }
  }

  /** As on a file system that hangs: every thread waits, and there is more to do. */
  @Test
  void tasksThatTheHostKeepsWaitingLeaveThreadsToOthers() throws Exception {
    var answer = new CountDownLatch(1);
    try (var threads = new StorageThreads(3)) {
      try {
        for (int i = 0; i < 10; i++) threads.execute(() -> await(answer));
        var others = new CountDownLatch(100);
        for (int i = 0; i < 100; i++) threads.execute(others::countDown);

        assertTrue(others.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "others wait too");
      } finally {
        answer.countDown();
      }
    }
  }

  @Test
  void threadsThatStoodInForOthersGoWhenTheHostHasAnswered() throws Exception {
    try (var threads = new StorageThreads(2)) {
      var answer = new CountDownLatch(1);
      for (int i = 0; i < 5; i++) threads.execute(() -> await(answer));
      var other = new CountDownLatch(1);
      threads.execute(other::countDown);
      assertTrue(other.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertTrue(threads.count() > 2);
      assertTrue(threads.stuck() > 0);

      answer.countDown();

      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
      while (threads.count() > 2) {
        assertTrue(System.nanoTime() < deadline, () -> threads.count() + " threads are left");
        Thread.onSpinWait();
      }
      assertEquals(0, threads.stuck());
      noTaskIsForgotten(threads);
    }
  }

  @Test
  void whatIsDoneEveryMomentIsNotBegunAgainWhileItWaitsForTheHost() throws Exception {
    var answer = new CountDownLatch(1);
    try (var threads = new StorageThreads(2)) {
      var begun = new AtomicInteger();
      var ticking =
          threads.every(
              1,
              () -> {
                begun.incrementAndGet();
                await(answer);
              });
      var ticks = new CountDownLatch(20);
      threads.every(1, ticks::countDown);
      assertTrue(ticks.await(PATIENCE_SECONDS, TimeUnit.SECONDS));

      assertEquals(1, begun.get());
      ticking.cancel(false);
      answer.countDown();
    }
  }

  @Test
  void closingWaitsNoLongerForTheHostThanItMay() {
    var answer = new CountDownLatch(1);
    var threads = new StorageThreads(1);
    threads.execute(() -> await(answer));

    assertFalse(threads.close(1));

    answer.countDown();
    assertTrue(threads.close(PATIENCE_SECONDS * 1000));
  }

  private static void noTaskIsForgotten(StorageThreads threads) throws InterruptedException {
    var done = new Semaphore(0);
    for (int i = 0; i < 1000; i++) {
      threads.execute(done::release);
      assertTrue(done.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS), "task " + i);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
