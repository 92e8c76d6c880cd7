package dev.varve.io.polling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Polling by Netty's own loops. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PollingTest {

  /** So long that the next task comes within it, however slow the machine is. */
  private static final Duration LONG = Duration.ofSeconds(1);

  @Test
  void loopFindsTheTasksOfOtherThreadsByPolling() throws Exception {
    var polling = new Polling(LONG, System::nanoTime, 2, () -> 0);
    var loop = new MultiThreadIoEventLoopGroup(1, polling.loops(EpollIoHandler.newFactory()));

    while (polling.totals().found() < 100) loop.submit(() -> {}).get();

    assertTrue(polling.totals().nanos() > 0);
    loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).get(); // while it polls, too
  }

  @Test
  void loopsOfNoTimeAreThoseOfNetty() {
    var usual = EpollIoHandler.newFactory();

    assertSame(usual, new Polling(Duration.ZERO, System::nanoTime).loops(usual));
  }

  @Test
  void nothingIsCountedBeforeALoopPolls() {
    assertEquals(PollTotals.NONE, new Polling(LONG, System::nanoTime).totals());
  }
}
