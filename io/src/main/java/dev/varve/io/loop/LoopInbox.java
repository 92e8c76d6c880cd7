package dev.varve.io.loop;

import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;

/**
 * The inbox of an event loop, through which storage threads give requests back. However many come
 * at once, the loop is woken once for them. Any thread may {@link #put}; the loop takes.
 *
 * @param <R> a request
 */
public final class LoopInbox<R> {

  private static final int PER_TURN = 256;

  private final EventLoop loop;
  private final Runnable turn;

  /** Has no bound of its own: what clients may have in flight bounds it. */
  private final MpscUnboundedVarHandleArrayQueue<R> requests =
      new MpscUnboundedVarHandleArrayQueue<>(1024);

  private final AtomicBoolean turnAsked = new AtomicBoolean();

  /**
   * @param turn runs on the loop when something is there; calls {@link #take} once
   */
  public LoopInbox(EventLoop loop, Runnable turn) {
    this.loop = loop;
    this.turn = turn;
  }

  /** Gives a request to the loop. Nothing is done with it once the loop was shut down. */
  public void put(R request) {
    requests.offer(request);
    askForTurn();
  }

  private void askForTurn() {
    if (turnAsked.get() || !turnAsked.compareAndSet(false, true)) return;
    try {
      loop.execute(turn);
    } catch (RejectedExecutionException e) {
      // The loop was shut down under the server: no client is left to answer.
    }
  }

  /** Takes what is there. If that is much, the loop does other things before the rest. */
  public void take(Consumer<R> taker) {
    turnAsked.set(false);
    int left = PER_TURN;
    for (R request; left > 0 && (request = requests.poll()) != null; left--) taker.accept(request);
    if (left == 0) askForTurn();
  }
}
