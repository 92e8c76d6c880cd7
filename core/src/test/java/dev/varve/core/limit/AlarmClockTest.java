package dev.varve.core.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Limits;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The alarm of real time. */
@Timeout(300)
class AlarmClockTest {

  private final AlarmClock clock = new AlarmClock(System::nanoTime);

  @AfterEach
  void stop() {
    clock.close();
  }

  @Test
  void requestPassesWhenItIsDue() throws Exception {
    var group = new LimitGroup(Limits.operations(100), clock, System.nanoTime());
    LimitMember member = group.join("member", System.nanoTime());
    while (member.tryPass(Direction.READ, 1, 0, System.nanoTime())) {}

    enqueue(member, Direction.READ, 1, 0).await();

    assertEquals(0, group.statistics(System.nanoTime()).waitingRequests());
  }

  @Test
  void alarmsForWhatIsFarAwayDoNotPileUpBehindThoseForNow() throws Exception {
    var limits = new BandwidthLimits(0, 1, 0, 1000, 0, 0, BandwidthLimits.SHORTEST_BURST);
    var group = new LimitGroup(limits, clock, System.nanoTime());
    LimitMember member = group.join("member", System.nanoTime());
    enqueue(member, Direction.WRITE, 1, 1 << 30).await(); // leaves a debt of years
    enqueue(member, Direction.WRITE, 1, 1);

    for (int i = 0; i < 100; i++) enqueue(member, Direction.READ, 1, 0).await();

    // One for each request would be a hundred.
    assertTrue(clock.pending() <= 10, () -> clock.pending() + " alarms");
  }

  private static CountDownLatch enqueue(
      LimitMember member, Direction direction, int operations, long length) {
    var passed = new CountDownLatch(1);
    var request =
        new Waiting() {
          @Override
          protected void passed() {
            passed.countDown();
          }
        };
    assertTrue(member.enqueue(request, direction, operations, length, System.nanoTime()));
    return passed;
  }
}
