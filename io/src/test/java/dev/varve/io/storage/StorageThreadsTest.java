package dev.varve.io.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

@Timeout(60)
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
}
