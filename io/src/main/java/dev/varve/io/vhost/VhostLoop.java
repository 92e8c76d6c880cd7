package dev.varve.io.vhost;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jctools.queues.varhandle.MpscUnboundedVarHandleArrayQueue;

/**
 * What the queues of one event loop share: request objects, and the inbox through which storage
 * threads give them back. Used on that loop; {@link #now} and {@link #isHere} are for any thread.
 */
final class VhostLoop {

  private static final int PARTS_PER_TURN = 256;
  private static final int KEPT = 256;

  private final EventLoop executor;
  private final LongSupplier nanoTime;
  private final ArrayDeque<Part> spareParts = new ArrayDeque<>();
  private final ArrayDeque<Pending> sparePending = new ArrayDeque<>();

  /** Has no bound of its own: the rings of the queues bound what is in flight. */
  private final MpscUnboundedVarHandleArrayQueue<Part> inbox =
      new MpscUnboundedVarHandleArrayQueue<>(1024);

  private final AtomicBoolean turnAsked = new AtomicBoolean();
  private final Runnable turn = this::emptyInbox;
  private final Consumer<Part> deliver = this::deliver;

  private final LaterTurns laterTurns;

  /** Those that have got parts back in this turn. */
  private final ArrayList<Part.Origin> touched = new ArrayList<>();

  VhostLoop(EventLoop executor, LongSupplier nanoTime) {
    this.executor = executor;
    this.nanoTime = nanoTime;
    this.laterTurns = new LaterTurns(executor);
  }

  EventLoop executor() {
    return executor;
  }

  /** Whether the caller is on this loop. For asserts. */
  boolean isHere() {
    return executor.inEventLoop();
  }

  long now() {
    return nanoTime.getAsLong();
  }

  /** Where queues ask for another turn. */
  LaterTurns laterTurns() {
    return laterTurns;
  }

  Part takePart() {
    assert isHere();
    Part part = spareParts.pollLast();
    return part != null ? part : new Part(deliver);
  }

  void recycle(Part part) {
    part.clear();
    if (spareParts.size() < KEPT) spareParts.addLast(part);
  }

  Pending takePending() {
    assert isHere();
    Pending pending = sparePending.pollLast();
    return pending != null ? pending : new Pending();
  }

  void recycle(Pending pending) {
    if (sparePending.size() < KEPT) sparePending.addLast(pending);
  }

  /** Takes a part from the device; it comes back to its queue in a turn of the loop. */
  private void deliver(Part part) {
    inbox.offer(part);
    askForTurn();
  }

  private void askForTurn() {
    if (turnAsked.get() || !turnAsked.compareAndSet(false, true)) return;
    try {
      executor.execute(turn);
    } catch (RejectedExecutionException e) {
      // The loop was shut down under the server: there is no guest left to answer.
    }
  }

  private void emptyInbox() {
    turnAsked.set(false);
    int left = PARTS_PER_TURN;
    for (Part part; left > 0 && (part = inbox.poll()) != null; left--) {
      Part.Origin origin = part.origin();
      origin.partDone(part);
      touched.add(origin);
    }
    for (Part.Origin origin : touched) origin.turnDone();
    touched.clear();
    if (left == 0) askForTurn();
  }
}
