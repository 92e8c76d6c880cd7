package dev.varve.io.vhost;

import dev.varve.io.loop.LoopInbox;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What the queues of one event loop share: request objects, and the inbox through which storage
 * threads give them back. Used on that loop; {@link #now} and {@link #isHere} are for any thread.
 */
final class VhostLoop {

  private static final int KEPT = 256;

  private final EventLoop executor;
  private final LongSupplier nanoTime;
  private final ArrayDeque<Part> spareParts = new ArrayDeque<>();
  private final ArrayDeque<Pending> sparePending = new ArrayDeque<>();

  private final LoopInbox<Part> inbox;
  private final Consumer<Part> partDone = this::partDone;
  private final LaterTurns laterTurns;

  /** Those that have got parts back in this turn. */
  private final ArrayList<Part.Origin> touched = new ArrayList<>();

  VhostLoop(EventLoop executor, LongSupplier nanoTime) {
    this.executor = executor;
    this.nanoTime = nanoTime;
    this.inbox = new LoopInbox<>(executor, this::emptyInbox);
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
    return part != null ? part : new Part(inbox);
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

  /** Hands parts back to their queues, and lets each of those show its answers to the driver. */
  private void emptyInbox() {
    inbox.take(partDone);
    for (Part.Origin origin : touched) origin.turnDone();
    touched.clear();
  }

  private void partDone(Part part) {
    Part.Origin origin = part.origin();
    origin.partDone(part);
    touched.add(origin);
  }
}
