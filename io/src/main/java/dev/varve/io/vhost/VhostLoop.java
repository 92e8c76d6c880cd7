package dev.varve.io.vhost;

import dev.varve.core.measure.LoneCounter;
import dev.varve.io.loop.LoopInbox;
import dev.varve.io.loop.ServingLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What the queues of one event loop share: request objects, the inbox through which storage threads
 * give them back, and counts of signals. Used on that loop; only reading the counts is for any
 * thread.
 */
final class VhostLoop extends ServingLoop {

  private static final int KEPT = 256;

  private final ArrayDeque<Part> spareParts = new ArrayDeque<>();
  private final ArrayDeque<Pending> sparePending = new ArrayDeque<>();

  private final LoopInbox<Part> inbox;
  private final Consumer<Part> partDone = this::partDone;
  private final LaterTurns laterTurns;

  /** Those that have got parts back in this turn. */
  private final ArrayList<Part.Origin> touched = new ArrayList<>();

  private final LoneCounter kicks = new LoneCounter();
  private final LoneCounter calls = new LoneCounter();

  VhostLoop(EventLoop executor, LongSupplier nanoTime) {
    super(executor, nanoTime);
    this.inbox = new LoopInbox<>(executor, this::emptyInbox);
    this.laterTurns = new LaterTurns(executor);
  }

  /** How often drivers were heard to kick; several kicks may be heard as one. */
  LoneCounter kicks() {
    return kicks;
  }

  /** How often drivers were called. */
  LoneCounter calls() {
    return calls;
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
    beginTurn();
    inbox.take(partDone);
    for (Part.Origin origin : touched) origin.turnDone();
    touched.clear();
    endTurn();
  }

  private void partDone(Part part) {
    Part.Origin origin = part.origin();
    origin.partDone(part);
    touched.add(origin);
  }
}
