package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.io.client.ClientCounters;
import dev.varve.io.posix.ForeignEvents;
import dev.varve.io.posix.Posix;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * One queue as a front-end has described it so far, and the {@link BlockQueue} that serves it on
 * another loop. Used on the loop of the front-end, where its stages complete.
 */
final class QueueSlot {

  static final int MOST_RING = 1024;

  /** What all queues of a front-end have in common when one starts. */
  record Shared(
      GuestMemory memory,
      InflightTable inflight,
      boolean eventIndex,
      boolean indirect,
      boolean writeback) {}

  /** An action on the loop of the queue. */
  private interface QueueAction {
    void run() throws ProtocolException, IOException;
  }

  private final int number;
  private final EventLoop loop;
  private final BlockQueue queue;
  private int size = 128;
  private long descriptors;
  private long available;
  private long used;
  private int next;
  private int error = -1;
  private boolean kicked;
  private boolean enabled;
  private boolean started;

  /**
   * @param loop that of the front-end
   * @param queueLoop that of the queue; the caller takes it back after {@link #close}
   * @param broken hears, on {@code loop}, why the queue has stopped
   */
  QueueSlot(
      int number,
      EventLoop loop,
      VhostLoop queueLoop,
      Export export,
      BlockConfig config,
      Consumer<String> broken) {
    this.number = number;
    this.loop = loop;
    this.queue =
        new BlockQueue(
            number,
            queueLoop,
            export,
            config,
            why ->
                loop.execute(
                    () -> {
                      broken.accept(why);
                      if (error >= 0) ForeignEvents.signal(error);
                    }));
  }

  VhostLoop queueLoop() {
    return queue.loop();
  }

  int number() {
    return number;
  }

  /** What the driver has asked for through it. Any thread may look. */
  ClientCounters counters() {
    return queue.counters();
  }

  boolean isStarted() {
    return started;
  }

  // ---- What the front-end describes

  void size(int entries) throws ProtocolException {
    if (entries < 1 || entries > MOST_RING || Integer.bitCount(entries) != 1)
      throw new ProtocolException(
          "a ring of %d entries; it may have 1 to %d, a power of two"
              .formatted(entries, MOST_RING));
    size = entries;
  }

  /** Where the parts of the ring are in the front-end's process. */
  void addresses(long descriptors, long used, long available) {
    this.descriptors = descriptors;
    this.used = used;
    this.available = available;
  }

  /** The number of the next chain to take. */
  void base(int next) {
    this.next = next;
  }

  int base() {
    return next;
  }

  /** Where it is told of a guest that breaks the protocol; owned by the slot, -1 for nowhere. */
  void error(int descriptor) throws IOException {
    if (error >= 0) Posix.close(error);
    error = descriptor;
  }

  /** From where the driver kicks; owned by the queue, -1 for nowhere. The queue may start then. */
  CompletableFuture<Void> kick(int descriptor, boolean enables) {
    kicked = true;
    if (enables) enabled = true;
    return onQueue(() -> queue.kick(descriptor));
  }

  CompletableFuture<Void> call(int descriptor) {
    return onQueue(() -> queue.call(descriptor));
  }

  CompletableFuture<Void> enable(boolean enabled) {
    this.enabled = enabled;
    return onQueue(() -> queue.enable(enabled));
  }

  CompletableFuture<Void> writeback(boolean writeback) {
    return onQueue(() -> queue.writeback(writeback));
  }

  /** The disk that the queue serves from now on. For while it is stopped. */
  CompletableFuture<Void> serve(Export export, BlockConfig config) {
    assert !started;
    return onQueue(() -> queue.serve(export, config));
  }

  // ---- Beginning and end

  /** Starts the queue if it has a kick, and does not run. Fails if its ring is of no use. */
  CompletableFuture<Void> start(Shared shared) {
    if (started || !kicked) return CompletableFuture.completedFuture(null);
    BlockQueue.Setup setup;
    try {
      setup =
          new BlockQueue.Setup(
              size,
              shared.memory.ring(descriptors, SplitRing.descriptorBytes(size), 16),
              shared.memory.ring(available, SplitRing.availableBytes(size), 2),
              shared.memory.ring(used, SplitRing.usedBytes(size), 4),
              next,
              shared.eventIndex,
              shared.indirect);
    } catch (ProtocolException e) {
      return CompletableFuture.failedFuture(e);
    }
    started = true;
    boolean enabled = this.enabled;
    return onQueue(
        () -> {
          queue.writeback(shared.writeback);
          queue.start(setup, shared.memory, shared.inflight);
          queue.enable(enabled);
        });
  }

  /** Stops the queue; completes when what is in flight is answered. It may be started again. */
  CompletableFuture<Void> stop() {
    if (!started) return CompletableFuture.completedFuture(null);
    started = false;
    CompletableFuture<Integer> stopped = new CompletableFuture<>();
    queueLoop().executor().execute(() -> queue.stop(stopped::complete));
    return stopped.thenAcceptAsync(this::base, loop);
  }

  /** The same until there is another kick. */
  CompletableFuture<Void> stopUntilKick() {
    if (started) kicked = false;
    return stop();
  }

  /** Lets go of all descriptors. For a queue that is stopped. */
  CompletableFuture<Void> close() {
    return onQueue(queue::close)
        .thenRunAsync(
            () -> {
              try {
                error(-1);
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            },
            loop);
  }

  private CompletableFuture<Void> onQueue(QueueAction action) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            action.run();
          } catch (ProtocolException | IOException e) {
            throw new CompletionException(e);
          }
        },
        queueLoop().executor());
  }
}
