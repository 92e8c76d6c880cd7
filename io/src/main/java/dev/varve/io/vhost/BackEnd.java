package dev.varve.io.vhost;

import dev.varve.core.device.Export;
import dev.varve.core.device.FailureWords;
import dev.varve.io.client.ClientCounters;
import dev.varve.io.client.ClientTotals;
import dev.varve.io.loop.DiskLoops;
import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.posix.SharedMemory;
import dev.varve.io.vhost.GuestMemory.Described;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The device that a front-end sets up with its messages: what was negotiated, the guest's memory,
 * the queues, and what of them is in flight. Used on the loop of the front-end, where its stages
 * complete; one message is carried out at a time, or the disk changes, or all ends. What it wants
 * of a queue it sends to the loop of that queue.
 */
final class BackEnd implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(BackEnd.class.getName());

  static final int MOST_QUEUES = 16;

  /** No configuration space is longer. */
  private static final int MOST_CONFIG = 256;

  /** Of a message about a vring's descriptor: there is none. */
  private static final long NO_DESCRIPTOR = 1 << 8;

  private static final String NO_MEMORY =
      "it shares a file that is no memory: share memfd, tmpfs or hugetlbfs, as QEMU's"
          + " memory-backend-memfd does";

  private final EventLoop loop;
  private final DescriptorSocket socket;
  private final ControlMessage message;
  private final DiskLoops<VhostLoop> loops;
  private final Consumer<String> broken;
  private final Features features = new Features();
  private final List<QueueSlot> slots = new ArrayList<>();

  /** Of each queue. */
  private final List<ClientCounters> counters = new CopyOnWriteArrayList<>();

  private Export export;
  private BlockConfig config;
  private GuestMemory memory = GuestMemory.NONE;
  private InflightTable inflight = InflightTable.NONE;
  private boolean writeback = true;
  private @Nullable DescriptorSocket channel;

  /** The queues that run again when there is a disk. */
  private List<QueueSlot> resting = List.of();

  /**
   * @param loop that of the front-end
   * @param socket takes the replies
   * @param message the one that {@link #carryOut} is about
   * @param broken hears, on {@code loop}, why a queue is not served any more
   */
  BackEnd(
      EventLoop loop,
      DescriptorSocket socket,
      ControlMessage message,
      Export export,
      DiskLoops<VhostLoop> loops,
      Consumer<String> broken) {
    this.loop = loop;
    this.socket = socket;
    this.message = message;
    this.export = export;
    this.loops = loops;
    this.broken = broken;
    this.config = BlockConfig.of(export, MOST_QUEUES);
  }

  /** What all queues were asked for. Any thread. */
  ClientTotals asked() {
    return counters.stream()
        .map(ClientCounters::totals)
        .reduce(ClientTotals.NONE, ClientTotals::plus);
  }

  // ---- Messages

  /** Carries out the message. Completes when that is done; fails, or throws, if it cannot be. */
  CompletableFuture<Void> carryOut() throws ProtocolException, IOException {
    switch (message.request()) {
      case ControlMessage.GET_FEATURES -> reply(features.offer(config));
      case ControlMessage.SET_FEATURES -> {
        features.choose(message.atLeast(8).getLong(0));
        writeback = features.writesBack();
      }
      case ControlMessage.SET_OWNER, ControlMessage.RESET_OWNER -> {} // there is one front-end
      case ControlMessage.SET_MEM_TABLE -> {
        return setMemory();
      }
      case ControlMessage.SET_VRING_NUM -> slot().size(message.atLeast(8).getInt(4));
      case ControlMessage.SET_VRING_ADDR -> {
        return setAddresses();
      }
      case ControlMessage.SET_VRING_BASE -> slot().base(message.atLeast(8).getInt(4) & 0xffff);
      case ControlMessage.GET_VRING_BASE -> {
        return stop(slot());
      }
      case ControlMessage.SET_VRING_KICK -> {
        return setKick();
      }
      case ControlMessage.SET_VRING_CALL -> {
        return slotOfDescriptor().call(eventOrNone());
      }
      case ControlMessage.SET_VRING_ERR -> slotOfDescriptor().error(eventOrNone());
      case ControlMessage.GET_PROTOCOL_FEATURES -> reply(Features.PROTOCOL_FEATURES);
      case ControlMessage.SET_PROTOCOL_FEATURES ->
          features.chooseOfProtocol(message.atLeast(8).getLong(0));
      case ControlMessage.GET_QUEUE_NUM -> reply(MOST_QUEUES);
      case ControlMessage.SET_VRING_ENABLE -> {
        return slot().enable(message.atLeast(8).getInt(4) != 0);
      }
      case ControlMessage.SET_BACKEND_REQ_FD -> setChannel();
      case ControlMessage.GET_CONFIG -> getConfig();
      case ControlMessage.SET_CONFIG -> {
        return setConfig();
      }
      case ControlMessage.GET_INFLIGHT_FD -> getInflight();
      case ControlMessage.SET_INFLIGHT_FD -> setInflight();
      case ControlMessage.RESET_DEVICE -> {
        return stopAll();
      }
      case ControlMessage.GET_MAX_MEM_SLOTS -> reply(GuestMemory.MOST_REGIONS);
      case ControlMessage.ADD_MEM_REG -> {
        return replaceMemory(memory.with(described(8), takeMemory(NO_MEMORY)));
      }
      case ControlMessage.REM_MEM_REG -> {
        return replaceMemory(memory.without(described(8)));
      }
      default ->
          throw new ProtocolException(
              "a message %d, which was not negotiated".formatted(message.request()));
    }
    return CompletableFuture.completedFuture(null);
  }

  /** Says that the message is carried out, to a front-end that hears it in no other way. */
  void acknowledge() throws IOException, ProtocolException {
    if (message.needsReply() && features.acknowledges()) reply(0);
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

  // ---- Queues

  /** The queue that a message names in its first 32 bits. */
  private QueueSlot slot() throws ProtocolException, IOException {
    return slot(message.atLeast(8).getInt(0));
  }

  /** The queue that a message names which brings a descriptor. */
  private QueueSlot slotOfDescriptor() throws ProtocolException, IOException {
    return slot((int) message.atLeast(8).getLong(0) & 0xff);
  }

  /** Anything else, a pipe or a file of another process, may keep a loop waiting for ever. */
  private int eventOrNone() throws ProtocolException, IOException {
    if ((message.getLong(0) & NO_DESCRIPTOR) != 0) return -1;
    int descriptor = message.nextDescriptor();
    if (!EventDescriptor.isOne(descriptor))
      throw new ProtocolException("a queue is signalled through a descriptor that is no eventfd");
    Posix.setNonBlocking(descriptor); // it may be made to wait again: see ForeignEvents
    return message.takeDescriptor();
  }

  private QueueSlot slot(int number) throws ProtocolException, IOException {
    if (number < 0 || number >= MOST_QUEUES)
      throw new ProtocolException("queue %d of %d".formatted(number, MOST_QUEUES));
    while (slots.size() <= number) {
      VhostLoop chosen = loops.enter(export.device().fileSystem());
      var slot = new QueueSlot(slots.size(), loop, chosen, export, config, broken);
      slots.add(slot);
      counters.add(slot.counters());
    }
    return slots.get(number);
  }

  private CompletableFuture<Void> setAddresses() throws ProtocolException, IOException {
    QueueSlot slot = slot(message.atLeast(40).getInt(0));
    slot.addresses(message.getLong(8), message.getLong(16), message.getLong(24));
    return slot.isStarted() ? restart(List.of(slot)) : CompletableFuture.completedFuture(null);
  }

  private CompletableFuture<Void> setKick() throws ProtocolException, IOException {
    QueueSlot slot = slotOfDescriptor();
    boolean enables = !features.enablesQueues();
    return slot.kick(eventOrNone(), enables).thenComposeAsync(_ -> slot.start(shared()), loop);
  }

  private QueueSlot.Shared shared() {
    return new QueueSlot.Shared(
        memory, inflight, features.hasEventIndex(), features.hasIndirect(), writeback);
  }

  private CompletableFuture<Void> stop(QueueSlot slot) {
    return slot.stopUntilKick()
        .thenAcceptAsync(
            _ -> {
              try {
                reply(slot.number() | (long) slot.base() << 32);
              } catch (IOException | ProtocolException e) {
                throw new CompletionException(e);
              }
            },
            loop);
  }

  private CompletableFuture<Void> stopAll() {
    return all(slots, slot -> slot.enable(false).thenComposeAsync(_ -> slot.stop(), loop));
  }

  /** Queues that run stop for a moment, because something that they use is another one now. */
  private CompletableFuture<Void> restart(List<QueueSlot> running) {
    return all(running, QueueSlot::stop)
        .thenComposeAsync(_ -> all(running, slot -> slot.start(shared())), loop);
  }

  private List<QueueSlot> running() {
    return slots.stream().filter(QueueSlot::isStarted).toList();
  }

  private static CompletableFuture<Void> all(
      List<QueueSlot> slots, Function<QueueSlot, CompletableFuture<Void>> action) {
    return CompletableFuture.allOf(slots.stream().map(action).toArray(CompletableFuture<?>[]::new));
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
        GuestMemory more = described.with(described(8 + 32 * i), takeMemory(NO_MEMORY));
        described.release();
        described = more;
      } catch (ProtocolException | PosixException e) {
        described.release();
        throw e;
      }
    }
    return replaceMemory(described);
  }

  private int takeMemory(String otherwise) throws ProtocolException {
    if (!SharedMemory.isMemory(message.nextDescriptor())) throw new ProtocolException(otherwise);
    return message.takeDescriptor();
  }

  private Described described(int at) throws ProtocolException {
    message.atLeast(at + 32);
    return new Described(
        message.getLong(at),
        message.getLong(at + 8),
        message.getLong(at + 16),
        message.getLong(at + 24));
  }

  private CompletableFuture<Void> replaceMemory(GuestMemory other) {
    GuestMemory before = memory;
    memory = other;
    return restart(running()).whenCompleteAsync((_, _) -> before.release(), loop);
  }

  // ---- Configuration

  private void getConfig() throws ProtocolException, IOException {
    message.atLeast(12);
    int offset = message.getInt(0);
    int size = message.getInt(4);
    if (offset < 0 || offset > MOST_CONFIG || size < 0 || size > message.size() - 12)
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
    return all(slots, slot -> slot.writeback(waits));
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
    if (queues < 1 || queues > MOST_QUEUES || entries < 1 || entries > QueueSlot.MOST_RING)
      throw new ProtocolException(
          "%d queues of %d entries to remember what is in flight".formatted(queues, entries));
  }

  private void setInflight() throws ProtocolException, IOException {
    message.atLeast(20);
    int queues = message.getShort(16);
    int entries = message.getShort(18);
    checkInflight(queues, entries);
    int descriptor = takeMemory("a file that is no memory for what is in flight");
    try {
      if (!running().isEmpty())
        throw new ProtocolException("other memory for what is in flight while a queue runs");
      inflight.unmap();
      inflight = InflightTable.NONE;
      inflight =
          InflightTable.map(descriptor, message.getLong(8), message.getLong(0), queues, entries);
    } finally {
      Posix.close(descriptor);
    }
  }

  // ---- Another disk

  /** Stops the queues that run. Completes when the device of the disk is not used any more. */
  CompletableFuture<Void> rest() {
    resting = running();
    return all(resting, QueueSlot::stop);
  }

  /** Serves another disk after a {@link #rest}: the queues that ran before run again. */
  CompletableFuture<Void> serve(Export next) {
    export = next;
    config = BlockConfig.of(next, MOST_QUEUES);
    List<QueueSlot> again = resting;
    resting = List.of();
    return all(slots, slot -> slot.serve(next, config))
        .thenComposeAsync(_ -> all(again, slot -> slot.start(shared())), loop);
  }

  private void setChannel() throws ProtocolException {
    if (channel != null)
      throw new ProtocolException("another channel for what this end has to say");
    channel = new DescriptorSocket(message.takeDescriptor());
  }

  /**
   * Tells a guest that runs of another disk.
   *
   * @return false if the front-end wants to hear it, and does not take the message
   */
  boolean tellChange() throws PosixException {
    if (channel == null) return true;
    byte[] change = ControlMessage.message(ControlMessage.CONFIG_CHANGE);
    try (Arena arena = Arena.ofConfined()) {
      return channel.send(arena.allocateFrom(ValueLayout.JAVA_BYTE, change)) == change.length;
    }
  }

  // ---- The end

  /**
   * Ends all queues, and lets go of the guest's memory. Completes when nothing is used any more;
   * does not fail.
   */
  CompletableFuture<Void> end() {
    return stopAll()
        .handleAsync((_, _) -> all(slots, QueueSlot::close), loop)
        .thenCompose(Function.identity())
        .handleAsync((_, _) -> letGo(), loop);
  }

  private @Nullable Void letGo() {
    for (QueueSlot slot : slots) loops.leave(slot.queueLoop());
    memory.release();
    try {
      inflight.unmap();
    } catch (PosixException e) {
      LOG.log(Level.WARNING, FailureWords.of(e));
    }
    return null;
  }

  /** Closes the channel, for after {@link #end}. It may wait: see {@link Closing}. */
  @Override
  public void close() throws PosixException {
    if (channel != null) channel.close();
  }
}
