package dev.varve.io.vhost;

import dev.varve.io.posix.EventDescriptor;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Turns that queues want once more, each after everything else that the loop has to do. As tasks of
 * the loop they would run many times before it looks at its descriptors again, and a guest that
 * asks much would keep others from their first turn. Used on the loop.
 */
final class LaterTurns {

  private final EventLoop loop;
  private final ArrayDeque<Runnable> turns = new ArrayDeque<>();
  private @Nullable LoopDescriptor bell;
  private boolean asked;

  LaterTurns(EventLoop loop) {
    this.loop = loop;
  }

  void add(Runnable turn) {
    turns.addLast(turn);
    if (asked) return;
    asked = true;
    ask();
  }

  private void ask() {
    try {
      if (loop instanceof IoEventLoop) {
        if (bell == null)
          bell = LoopDescriptor.ownEvents(loop, EventDescriptor.create(), this::run);
        EventDescriptor.signal(bell.descriptor());
        return;
      }
    } catch (IOException e) {
      // No descriptor is left for it: a task will do.
    }
    try {
      loop.execute(this::run);
    } catch (RejectedExecutionException e) {
      // The loop was shut down under the server.
    }
  }

  /** Those that are added meanwhile have their turn later. */
  private void run() {
    asked = false;
    for (int left = turns.size(); left > 0; left--) turns.removeFirst().run();
  }
}
