package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.client.ClientCounters;
import dev.varve.io.client.ClientMeter;
import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.ForeignEvents;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One virtqueue of a disk: takes requests from its ring when the driver kicks, and calls the driver
 * when it has answered. Used on its loop, to which it belongs from beginning to end.
 */
final class BlockQueue implements BlockRequests.Source {

  private static final System.Logger LOG = System.getLogger(BlockQueue.class.getName());

  /** What one turn may cost before other queues have theirs; about a millisecond. */
  private static final int TURN = 1024;

  /** Answers become visible to the driver after so many. */
  private static final int BATCH = 64;

  /** While so many requests are with the device, no more are taken from the ring. */
  private static final int MOST_PARTS = 4096;

  /** How a ring is set up. */
  record Setup(
      int size,
      long descriptors,
      long available,
      long used,
      int next,
      boolean eventIndex,
      boolean indirect) {}

  private final int number;
  private final VhostLoop loop;
  private final Consumer<String> fault;
  private final ClientCounters counters = new ClientCounters();
  private BlockRequests requests;
  private InflightTable inflightTable = InflightTable.NONE;
  private final Runnable laterTurn = this::laterTurn;

  private GuestMemory memory = GuestMemory.NONE;
  private Chain chain = new Chain(false);
  private @Nullable SplitRing ring;
  private @Nullable LoopDescriptor kick;
  private int call = -1;
  private boolean writeback = true;
  private boolean enabled;
  private boolean broken;
  private boolean stopping;

  /** Others have their turn first; kicks change nothing meanwhile. */
  private boolean waitsForTurn;

  private boolean full;
  private int inFlight;
  private boolean answered;
  private @Nullable IntConsumer drained;

  /**
   * @param fault hears why the queue has stopped, once
   */
  BlockQueue(
      int number, VhostLoop loop, Export export, BlockConfig config, Consumer<String> fault) {
    this.number = number;
    this.loop = loop;
    this.fault = fault;
    this.requests = requests(export, config);
  }

  private BlockRequests requests(Export export, BlockConfig config) {
    var meter = new ClientMeter(loop, export.traffic(), counters);
    return new BlockRequests(this, loop, export, config, meter);
  }

  VhostLoop loop() {
    return loop;
  }

  /** What the driver has asked for through it, on whichever disk. Any thread may look. */
  ClientCounters counters() {
    return counters;
  }

  // ---- What the front-end sets

  /** Begins to serve a ring; ends with {@link #stop}. */
  void start(Setup setup, GuestMemory guest, InflightTable table) throws ProtocolException {
    assert loop.isHere();
    inflightTable = table;
    memory = guest.retain();
    chain = new Chain(setup.indirect());
    broken = false;
    stopping = false;
    int next = inflightTable.resume(number, setup.used(), setup.next());
    ring =
        new SplitRing(
            setup.size(),
            setup.descriptors(),
            setup.available(),
            setup.used(),
            next,
            setup.eventIndex());
    loop.beginTurn();
    try {
      resubmit();
      turn();
    } finally {
      loop.endTurn();
    }
  }

  /**
   * Serves no more of the ring. What is in flight is answered; then {@code drained} runs.
   *
   * @param drained runs on the loop, at once if nothing is in flight; gets the number of the next
   *     chain
   */
  void stop(IntConsumer drained) {
    assert loop.isHere();
    stopping = true;
    this.drained = drained;
    if (inFlight == 0) finishStop();
  }

  private void finishStop() {
    IntConsumer then = drained;
    drained = null;
    publish();
    int next = ring == null ? 0 : ring.next();
    ring = null;
    memory.release();
    memory = GuestMemory.NONE;
    if (kick != null) EventDescriptor.drain(kick.descriptor()); // the front-end looks at it next
    if (then != null) then.accept(next);
  }

  /** The disk is another one from now on. For a queue that is stopped. */
  void serve(Export export, BlockConfig config) {
    assert loop.isHere() && ring == null;
    requests = requests(export, config);
  }

  void enable(boolean enabled) {
    assert loop.isHere();
    this.enabled = enabled;
    ownTurn();
  }

  void writeback(boolean writeback) {
    this.writeback = writeback;
  }

  /** Looks at the ring whenever {@code descriptor} is signalled; it is owned by the queue. */
  void kick(int descriptor) throws IOException {
    assert loop.isHere();
    closeKick();
    if (descriptor < 0) return;
    try {
      kick = LoopDescriptor.watchEvents(loop.executor(), descriptor, this::kicked);
    } catch (IOException e) {
      Posix.close(descriptor);
      throw e;
    }
  }

  /** Where the driver is called; owned by the queue. -1: nowhere, it looks by itself. */
  void call(int descriptor) throws IOException {
    assert loop.isHere();
    if (call >= 0) Posix.close(call);
    call = -1;
    if (descriptor < 0) return;
    call = descriptor;
    callDriver(); // for what was answered before it was there
  }

  private void callDriver() {
    ForeignEvents.signal(call);
    loop.calls().add(1);
  }

  private void closeKick() throws PosixException {
    LoopDescriptor before = kick;
    kick = null;
    if (before == null) return;
    before.stop();
    Posix.close(before.descriptor());
  }

  /** Lets go of the descriptors. For a queue that is stopped. */
  void close() throws IOException {
    closeKick();
    call(-1);
  }

  // ---- Turns

  private void kicked() {
    loop.kicks().add(1);
    ownTurn();
  }

  private void ownTurn() {
    loop.beginTurn();
    try {
      turn();
    } finally {
      loop.endTurn();
    }
  }

  private void turn() {
    SplitRing serving = ring;
    if (!enabled || broken || stopping || serving == null || waitsForTurn) return;
    try {
      if (serve(serving)) askForLaterTurn();
    } catch (ProtocolException e) {
      fail("its guest has broken the protocol: " + FailureWords.of(e));
    } catch (InternalError e) {
      lostMemory();
    } catch (RuntimeException e) { // a bug must not stop the loop for others
      LOG.log(Level.ERROR, "a queue could not be served", e);
      fail("it could not be served");
    }
    publish();
  }

  private void askForLaterTurn() {
    waitsForTurn = true;
    loop.laterTurns().add(laterTurn);
  }

  private void laterTurn() {
    waitsForTurn = false;
    ownTurn();
  }

  /** Returns whether there is more to do, after others had their turn. */
  private boolean serve(SplitRing serving) throws ProtocolException {
    int budget = TURN;
    serving.suppressKicks();
    do {
      for (int ready = serving.ready(), batch = BATCH; ready > 0; ready--) {
        if (budget <= 0) return true;
        full = requests.parts() >= MOST_PARTS;
        if (full) return false;
        int head = serving.take();
        inflightTable.taken(number, head);
        chain.read(serving, head, memory);
        budget -= requests.serve(head, chain, writeback, ready == 1);
        if (broken) return false;
        if (--batch == 0) {
          batch = BATCH;
          publish();
        }
      }
      publish();
    } while (serving.wantKicks());
    return false;
  }

  /** Serves again what a server that was killed had taken and not answered. */
  private void resubmit() throws ProtocolException {
    SplitRing serving = ring;
    if (serving == null) return;
    for (int head : inflightTable.left(number)) {
      if (head >= serving.size())
        throw new ProtocolException("descriptor %d in flight".formatted(head));
      serving.takeAgain();
      chain.read(serving, head, memory);
      requests.serve(head, chain, writeback, true);
    }
    publish();
  }

  @Override
  public void answer(int head, long written) {
    SplitRing serving = ring;
    if (serving == null || broken) return;
    inflightTable.given(number, head);
    serving.give(head, (int) Math.min(written, Integer.MAX_VALUE));
    answered = true;
  }

  /** Shows the driver what was answered. Each turn ends with it, and so does each stop. */
  private void publish() {
    requests.count();
    try {
      if (answered && ring != null) show(ring);
      HostMemory.settle(); // what has failed is told here, and not to the loop or another queue
    } catch (InternalError e) {
      lostMemory();
    }
  }

  private void show(SplitRing serving) {
    answered = false;
    HostMemory.settle(); // before the driver sees an answer
    if (!serving.publish()) return;
    inflightTable.published(number, serving.returned());
    if (serving.wantsCall() && call >= 0) callDriver();
  }

  // ---- In flight

  @Override
  public void begun() {
    inFlight++;
  }

  @Override
  public void ended() {
    inFlight--;
  }

  @Override
  public void partDone(Part part) {
    try {
      requests.partDone(part);
      HostMemory.settle();
    } catch (InternalError e) {
      lostMemory();
    }
  }

  @Override
  public void turnDone() {
    publish();
    if (inFlight == 0 && drained != null) finishStop();
    else if (full && requests.parts() < MOST_PARTS / 2) turn();
  }

  // ---- Faults

  /** The queue is broken then. */
  @Override
  public boolean hasLostMemory(Throwable failure, Chain chain) {
    boolean unreachable =
        failure instanceof InternalError || failure.getCause() instanceof InternalError;
    if (memory.isWhole() && (!unreachable || chain.isThere())) return false;
    lostMemory();
    return true;
  }

  /** The file was truncated, or the host has no page for it: huge pages that are not there. */
  private void lostMemory() {
    fail(
        memory.isWhole()
            ? "the host cannot get at the memory that the front-end shares"
            : "the front-end has truncated the memory that it shares");
  }

  private void fail(String why) {
    if (broken) return;
    broken = true;
    fault.accept("queue %d: %s".formatted(number, why));
  }
}
