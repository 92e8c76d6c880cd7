package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.vhost.GuestMemory.Described;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The connection to one front-end: negotiates, sets up queues as it is told, and takes them down
 * when it is gone, in whatever way. Used on the loop of its socket; what it wants of a queue it
 * sends to the loop of that queue, and reads no further message until that is done.
 */
final class FrontEnd {

  private static final long F_PROTOCOL_FEATURES = 1L << 30;
  private static final long F_INDIRECT = 1L << 28;
  private static final long F_EVENT_INDEX = 1L << 29;
  private static final long F_VERSION_1 = 1L << 32;

  /** {@code VHOST_USER_PROTOCOL_F_...}. */
  private static final long P_MQ = 1L << 0;

  private static final long P_REPLY_ACK = 1L << 3;
  private static final long P_BACKEND_REQ = 1L << 5;
  private static final long P_CONFIG = 1L << 9;
  private static final long P_INFLIGHT = 1L << 12;
  private static final long P_RESET_DEVICE = 1L << 13;
  private static final long P_MEM_SLOTS = 1L << 15;
  private static final long PROTOCOL_FEATURES =
      P_MQ | P_REPLY_ACK | P_BACKEND_REQ | P_CONFIG | P_INFLIGHT | P_RESET_DEVICE | P_MEM_SLOTS;

  static final int MOST_QUEUES = 16;

  private static final int MOST_RING = 1024;
  private static final int CONFIG_CHANGE = 2;

  /** Of a message about a vring's descriptor: there is none. */
  private static final long NO_DESCRIPTOR = 1 << 8;

  /** One queue as the front-end has described it so far. */
  private static final class Slot {
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

    private Slot(BlockQueue queue) {
      this.queue = queue;
    }
  }

  private final EventLoop loop;
  private final DescriptorSocket socket;
  private final LoopDescriptor control;
  private final Export export;
  private final QueueLoops loops;
  private final Consumer<String> log;
  private final Runnable gone;
  private final int mostQueues;
  private final ControlMessage message = new ControlMessage();
  private final List<Slot> slots = new ArrayList<>();
  private BlockConfig config;
  private GuestMemory memory = GuestMemory.NONE;
  private InflightTable inflight = InflightTable.NONE;
  private long features;
  private long protocolFeatures;
  private boolean writeback = true;
  private @Nullable DescriptorSocket backend;
  private @Nullable String why;
  private boolean busy;
  private boolean ended;

  /** Where queues get their loops. */
  interface QueueLoops {
    /**
     * @throws IOException the host has no descriptors for one
     */
    VhostLoop enter() throws IOException;

    void leave(VhostLoop loop);
  }

  /**
   * Begins to listen to a front-end, on {@code loop}, from which it is called.
   *
   * @param socket owned from now on
   * @param log hears what people should know
   * @param gone runs when the front-end has gone and nothing of it is left
   */
  FrontEnd(
      EventLoop loop,
      DescriptorSocket socket,
      Export export,
      int mostQueues,
      QueueLoops loops,
      Consumer<String> log,
      Runnable gone)
      throws IOException {
    this.loop = loop;
    this.socket = socket;
    this.export = export;
    this.mostQueues = mostQueues;
    this.loops = loops;
    this.log = log;
    this.gone = gone;
    this.config = BlockConfig.of(export, mostQueues);
    this.control = LoopDescriptor.watch(loop, socket.descriptor(), this::readable);
  }

  // ---- Messages

  private void readable() {
    try {
      while (!busy && !ended) {
        switch (message.receive(socket)) {
          case MORE_TO_COME -> {
            return;
          }
          case END -> end("it closed the connection");
          case COMPLETE -> handle();
        }
      }
    } catch (ProtocolException | IOException e) {
      end(FailureWords.of(e));
    }
  }

  private void handle() throws IOException {
    CompletableFuture<Void> done;
    try {
      done = carryOut();
    } catch (ProtocolException | IOException e) {
      done = CompletableFuture.failedFuture(e);
    }
    if (done.isDone()) {
      finished(done.isCompletedExceptionally() ? done.exceptionNow() : null);
      return;
    }
    busy = true;
    done.whenCompleteAsync((_, failure) -> resumed(failure), loop);
    control.listen(false);
  }

  private void resumed(@Nullable Throwable failure) {
    busy = false;
    try {
      finished(failure);
      if (ended) return;
      control.listen(true);
      readable();
    } catch (IOException e) {
      end(FailureWords.of(e));
    }
  }

  /** A message is carried out, or cannot be. */
  private void finished(@Nullable Throwable failure) throws IOException {
    if (ended) {
      tearDown(); // it was put off
      return;
    }
    if (failure != null) {
      end(FailureWords.of(failure));
      return;
    }
    boolean acknowledged =
        message.needsReply() && (protocolFeatures & P_REPLY_ACK) != 0 && !hasReply();
    try {
      if (acknowledged) send(message.reply(ControlMessage.payload(0)));
    } catch (ProtocolException e) {
      end(FailureWords.of(e));
      return;
    }
    message.clear();
  }

  private static final List<Integer> REPLIED = List.of(1, 11, 15, 17, 24, 31, 36);

  private boolean hasReply() {
    return REPLIED.contains(message.request());
  }

  private CompletableFuture<Void> carryOut() throws ProtocolException, IOException {
    switch (message.request()) {
      case 1 -> reply(features(true));
      case 2 -> setFeatures(message.atLeast(8).getLong(0));
      case 3, 4 -> {} // the owner: there is one front-end
      case 5 -> {
        return setMemory();
      }
      case 8 -> setSize();
      case 9 -> {
        return setAddresses();
      }
      case 10 -> slot().next = message.atLeast(8).getInt(4) & 0xffff;
      case 11 -> {
        return stop(slot(), true);
      }
      case 12 -> {
        return setKick();
      }
      case 13 -> {
        return setCall();
      }
      case 14 -> setError();
      case 15 -> reply(PROTOCOL_FEATURES);
      case 16 -> protocolFeatures = message.atLeast(8).getLong(0) & PROTOCOL_FEATURES;
      case 17 -> reply(mostQueues);
      case 18 -> {
        return enable(slot(), message.atLeast(8).getInt(4) != 0);
      }
      case 21 -> setBackend();
      case 24 -> getConfig();
      case 25 -> {
        return setConfig();
      }
      case 31 -> getInflight();
      case 32 -> setInflight();
      case 34 -> {
        return stopAll();
      }
      case 36 -> reply(GuestMemory.MOST_REGIONS);
      case 37 -> {
        return replaceMemory(memory.with(described(8), message.takeDescriptor()));
      }
      case 38 -> {
        return replaceMemory(memory.without(described(8)));
      }
      default ->
          throw new ProtocolException(
              "a message %d, which was not negotiated".formatted(message.request()));
    }
    return CompletableFuture.completedFuture(null);
  }

  private void reply(long value) throws IOException, ProtocolException {
    send(message.reply(ControlMessage.payload(value)));
  }

  /** A front-end that does not take replies of a few bytes is none. */
  private void send(byte[] bytes, int... descriptors) throws IOException, ProtocolException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      if (socket.send(out, descriptors) != bytes.length)
        throw new ProtocolException("a reply that was not taken");
    }
  }

  private long features(boolean ofDevice) {
    return config.features()
        | F_VERSION_1
        | F_INDIRECT
        | F_EVENT_INDEX
        | (ofDevice ? F_PROTOCOL_FEATURES : 0);
  }

  private void setFeatures(long chosen) throws ProtocolException {
    if ((chosen & ~features(true)) != 0)
      throw new ProtocolException(
          "the features %#x, which the device does not have".formatted(chosen));
    features = chosen;
    writeback = BlockConfig.writesBack(chosen);
  }

  // ---- Queues

  /** The queue that a message names in its first 32 bits. */
  private Slot slot() throws ProtocolException, IOException {
    return slot(message.atLeast(8).getInt(0));
  }

  private Slot slot(int number) throws ProtocolException, IOException {
    if (number < 0 || number >= mostQueues)
      throw new ProtocolException("queue %d of %d".formatted(number, mostQueues));
    while (slots.size() <= number) {
      int next = slots.size();
      VhostLoop chosen = loops.enter();
      Consumer<String> fault = what -> loop.execute(() -> faulty(next, what));
      slots.add(new Slot(new BlockQueue(next, chosen, export, config, fault)));
    }
    return slots.get(number);
  }

  private void faulty(int queue, String what) {
    log.accept("the guest has broken the protocol, and the disk stops for it: " + what);
    if (queue < slots.size() && slots.get(queue).error >= 0)
      EventDescriptor.signal(slots.get(queue).error);
  }

  /** An action on the loop of a queue. */
  private interface QueueAction {
    void run() throws ProtocolException, IOException;
  }

  private static CompletableFuture<Void> on(Slot slot, QueueAction action) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            action.run();
          } catch (ProtocolException | IOException e) {
            throw new CompletionException(e);
          }
        },
        slot.queue.loop().executor());
  }

  private void setSize() throws ProtocolException, IOException {
    int size = message.atLeast(8).getInt(4);
    if (size < 1 || size > MOST_RING || Integer.bitCount(size) != 1)
      throw new ProtocolException(
          "a ring of %d entries; it may have 1 to %d, a power of two".formatted(size, MOST_RING));
    slot().size = size;
  }

  private CompletableFuture<Void> setAddresses() throws ProtocolException, IOException {
    Slot slot = slot(message.atLeast(40).getInt(0));
    slot.descriptors = message.getLong(8);
    slot.used = message.getLong(16);
    slot.available = message.getLong(24);
    if (!slot.started) return CompletableFuture.completedFuture(null);
    return stop(slot, false).thenComposeAsync(_ -> startOrFail(slot), loop);
  }

  private CompletableFuture<Void> setKick() throws ProtocolException, IOException {
    long value = message.atLeast(8).getLong(0);
    Slot slot = slot((int) value & 0xff);
    int kick = (value & NO_DESCRIPTOR) != 0 ? -1 : message.takeDescriptor();
    slot.kicked = true;
    if ((features & F_PROTOCOL_FEATURES) == 0) slot.enabled = true;
    CompletableFuture<Void> set = on(slot, () -> slot.queue.kick(kick));
    return set.thenComposeAsync(_ -> startOrFail(slot), loop);
  }

  private CompletableFuture<Void> startOrFail(Slot slot) {
    try {
      return start(slot);
    } catch (ProtocolException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<Void> start(Slot slot) throws ProtocolException {
    if (slot.started || !slot.kicked) return CompletableFuture.completedFuture(null);
    var setup =
        new BlockQueue.Setup(
            slot.size,
            memory.ring(slot.descriptors, SplitRing.descriptorBytes(slot.size), 16),
            memory.ring(slot.available, SplitRing.availableBytes(slot.size), 2),
            memory.ring(slot.used, SplitRing.usedBytes(slot.size), 4),
            slot.next,
            (features & F_EVENT_INDEX) != 0,
            (features & F_INDIRECT) != 0);
    slot.started = true;
    GuestMemory guest = memory;
    InflightTable table = inflight;
    boolean enabled = slot.enabled;
    boolean waits = writeback;
    return on(
        slot,
        () -> {
          slot.queue.writeback(waits);
          slot.queue.start(setup, guest, table);
          slot.queue.enable(enabled);
        });
  }

  private CompletableFuture<Void> stop(Slot slot, boolean asked)
      throws ProtocolException, IOException {
    if (!slot.started) {
      if (asked) replyBase(slot);
      return CompletableFuture.completedFuture(null);
    }
    slot.started = false;
    if (asked) slot.kicked = false;
    CompletableFuture<Integer> stopped = new CompletableFuture<>();
    slot.queue.loop().executor().execute(() -> slot.queue.stop(stopped::complete));
    return stopped.thenAcceptAsync(
        next -> {
          slot.next = next;
          try {
            if (asked) replyBase(slot);
          } catch (IOException | ProtocolException e) {
            throw new CompletionException(e);
          }
        },
        loop);
  }

  private void replyBase(Slot slot) throws ProtocolException, IOException {
    long state = slots.indexOf(slot) | (long) slot.next << 32;
    reply(state);
  }

  private CompletableFuture<Void> stopAll() {
    return all(
        slot -> {
          slot.enabled = false;
          CompletableFuture<Void> disabled = on(slot, () -> slot.queue.enable(false));
          return disabled.thenComposeAsync(_ -> stopQuietly(slot), loop);
        });
  }

  private CompletableFuture<Void> stopQuietly(Slot slot) {
    try {
      return stop(slot, false);
    } catch (ProtocolException | IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<Void> all(Function<Slot, CompletableFuture<Void>> action) {
    return CompletableFuture.allOf(slots.stream().map(action).toArray(CompletableFuture<?>[]::new));
  }

  private CompletableFuture<Void> setCall() throws ProtocolException, IOException {
    long value = message.atLeast(8).getLong(0);
    Slot slot = slot((int) value & 0xff);
    int call = (value & NO_DESCRIPTOR) != 0 ? -1 : message.takeDescriptor();
    return on(slot, () -> slot.queue.call(call));
  }

  private void setError() throws ProtocolException, IOException {
    long value = message.atLeast(8).getLong(0);
    Slot slot = slot((int) value & 0xff);
    if (slot.error >= 0) Posix.close(slot.error);
    slot.error = (value & NO_DESCRIPTOR) != 0 ? -1 : message.takeDescriptor();
  }

  private CompletableFuture<Void> enable(Slot slot, boolean enabled) {
    slot.enabled = enabled;
    return on(slot, () -> slot.queue.enable(enabled));
  }

  // ---- Memory

  private CompletableFuture<Void> setMemory() throws ProtocolException, IOException {
    int count = message.atLeast(8).getInt(0);
    if (count < 0 || count != message.descriptors())
      throw new ProtocolException(
          "%d regions of memory with %d descriptors".formatted(count, message.descriptors()));
    message.atLeast(8 + 32 * count);
    GuestMemory described = GuestMemory.NONE;
    for (int i = 0; i < count; i++) {
      try {
        GuestMemory more = described.with(described(8 + 32 * i), message.takeDescriptor());
        described.release();
        described = more;
      } catch (ProtocolException | PosixException e) {
        described.release();
        throw e;
      }
    }
    return replaceMemory(described);
  }

  private Described described(int at) throws ProtocolException {
    message.atLeast(at + 32);
    return new Described(
        message.getLong(at),
        message.getLong(at + 8),
        message.getLong(at + 16),
        message.getLong(at + 24));
  }

  /** Queues that serve rings stop for a moment, because rings and buffers have other places now. */
  private CompletableFuture<Void> replaceMemory(GuestMemory other) {
    GuestMemory before = memory;
    memory = other;
    List<Slot> running = slots.stream().filter(slot -> slot.started).toList();
    CompletableFuture<?>[] stopped =
        running.stream().map(this::stopQuietly).toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(stopped)
        .thenComposeAsync(
            _ -> {
              before.release();
              return CompletableFuture.allOf(
                  running.stream().map(this::startOrFail).toArray(CompletableFuture<?>[]::new));
            },
            loop);
  }

  // ---- Configuration

  private void getConfig() throws ProtocolException, IOException {
    message.atLeast(12);
    int offset = message.getInt(0);
    int size = message.getInt(4);
    if (offset < 0 || size < 0 || size > message.size() - 12)
      throw new ProtocolException("configuration space %d+%d".formatted(offset, size));
    byte[] space =
        Arrays.copyOf(config.bytes(writeback), Math.max(offset + size, BlockConfig.LENGTH));
    byte[] payload = new byte[12 + size];
    MemorySegment out = MemorySegment.ofArray(payload);
    out.set(ValueLayout.JAVA_INT_UNALIGNED, 0, offset);
    out.set(ValueLayout.JAVA_INT_UNALIGNED, 4, size);
    System.arraycopy(space, offset, payload, 12, size);
    send(message.reply(payload));
  }

  private CompletableFuture<Void> setConfig() throws ProtocolException {
    message.atLeast(12);
    int offset = message.getInt(0);
    int size = message.getInt(4);
    if (offset != BlockConfig.WRITEBACK || size != 1)
      throw new ProtocolException(
          "a change of the configuration space at %d+%d".formatted(offset, size));
    writeback = message.atLeast(13).getByte(12) != 0;
    boolean waits = writeback;
    return all(slot -> on(slot, () -> slot.queue.writeback(waits)));
  }

  private void setBackend() throws ProtocolException, IOException {
    int descriptor = message.takeDescriptor();
    if (backend != null) backend.close();
    backend = new DescriptorSocket(descriptor);
  }

  /** The disk has become another one: larger, ejected, mounted. */
  void changed() {
    if (ended) return;
    config = BlockConfig.of(export, mostQueues);
    tellChange();
  }

  private void tellChange() {
    DescriptorSocket channel = backend;
    if (channel == null) return;
    try (Arena arena = Arena.ofConfined()) {
      byte[] change = ControlMessage.message(CONFIG_CHANGE);
      if (channel.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, change)) != change.length)
        log.accept("its front-end does not hear that the disk has changed");
    } catch (PosixException e) {
      log.accept("its front-end could not be told that the disk has changed: " + e.getMessage());
    }
  }

  // ---- In flight

  private void getInflight() throws ProtocolException, IOException {
    message.atLeast(20);
    int queues = message.getShort(16);
    int entries = message.getShort(18);
    checkInflight(queues, entries);
    long length = InflightTable.length(queues, entries);
    int descriptor = SharedMemory.create("varve-inflight", length);
    try {
      byte[] payload = new byte[message.size()]; // some front-ends pad it, and want it padded
      MemorySegment out = MemorySegment.ofArray(payload);
      out.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, length);
      out.set(ValueLayout.JAVA_SHORT_UNALIGNED, 16, (short) queues);
      out.set(ValueLayout.JAVA_SHORT_UNALIGNED, 18, (short) entries);
      send(message.reply(payload), descriptor);
    } finally {
      Posix.close(descriptor);
    }
  }

  private void checkInflight(int queues, int entries) throws ProtocolException {
    if (queues < 1 || queues > mostQueues || entries < 1 || entries > MOST_RING)
      throw new ProtocolException(
          "%d queues of %d entries to remember what is in flight".formatted(queues, entries));
  }

  private void setInflight() throws ProtocolException, IOException {
    message.atLeast(20);
    int queues = message.getShort(16);
    int entries = message.getShort(18);
    checkInflight(queues, entries);
    int descriptor = message.takeDescriptor();
    try {
      if (slots.stream().anyMatch(slot -> slot.started))
        throw new ProtocolException("other memory for what is in flight while a queue runs");
      inflight.unmap();
      inflight = InflightTable.NONE;
      inflight =
          InflightTable.map(descriptor, message.getLong(8), message.getLong(0), queues, entries);
    } finally {
      Posix.close(descriptor);
    }
  }

  // ---- The end

  /** Whether it has gone, perhaps before all that it has said was heard. */
  boolean isGone() {
    return ended || socket.isAbandoned();
  }

  /** Ends the connection when what is in flight is answered. Any reason may be the first. */
  void end(String reason) {
    assert loop.inEventLoop();
    if (ended) return;
    ended = true;
    why = reason;
    if (!busy) tearDown(); // else when the message is carried out
  }

  private void tearDown() {
    stopAll().whenCompleteAsync((_, _) -> closed(), loop);
  }

  private void closed() {
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    for (Slot slot : slots) closing.add(on(slot, slot.queue::close));
    CompletableFuture.allOf(closing.toArray(CompletableFuture<?>[]::new))
        .whenCompleteAsync((_, _) -> release(), loop);
  }

  private void release() {
    try {
      for (Slot slot : slots) {
        loops.leave(slot.queue.loop());
        if (slot.error >= 0) Posix.close(slot.error);
      }
      message.clear();
      if (backend != null) backend.close();
      inflight.unmap();
    } catch (PosixException e) {
      log.accept(FailureWords.of(e));
    }
    memory.release();
    control.stop();
    try {
      socket.close();
    } catch (PosixException e) {
      log.accept(FailureWords.of(e));
    }
    log.accept("the front-end left: " + why);
    gone.run();
  }
}
