package dev.varve.http.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class HeartbeatTest {

  private static final Duration AT_ONCE = Duration.ofNanos(1);

  @Test
  void isThereWhileAllLoopsAnswer() {
    assertTrue(new Heartbeat(List.of(Runnable::run, Runnable::run), AT_ONCE).isThere());
  }

  @Test
  void stopsWhenOneLoopDoesNotTurnAndGoesOnWhenItDoes() {
    var loop = new SlowLoop();
    var heart = new Heartbeat(List.of(Runnable::run, loop), AT_ONCE);

    assertFalse(heart.isThere());
    assertFalse(heart.isThere());
    assertEquals(1, loop.waiting.size(), "it is asked once");
    loop.turn();

    assertTrue(heart.isThere());
  }

  /** Answers nothing until it turns, and everything from then on. */
  private static final class SlowLoop implements Executor {
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean turns;

    @Override
    public void execute(Runnable task) {
      if (turns) task.run();
      else waiting.add(task);
    }

    void turn() {
      turns = true;
      waiting.forEach(Runnable::run);
    }
  }
}
