package dev.varve.io.vhost;

import dev.varve.core.device.DiskFailures;
import dev.varve.core.device.DiskTraffic;
import dev.varve.core.device.Export;
import io.netty.channel.EventLoop;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * A queue without sockets and threads that serves what a fuzzer's bytes make of a guest: they are
 * read as decisions of a driver that mostly keeps the rules, so that a few bytes reach far. Not
 * thread-safe.
 *
 * <p>{@link #run} fails if the queue throws, does not come to its end, reads or writes anything
 * outside the regions of the guest or the disk, or answers what was not asked.
 */
final class FuzzedQueue implements AutoCloseable {

  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  /** Tasks of the loop for one run; far more than any needs. */
  private static final int MOST_TASKS = 1 << 20;

  private static final int[] HONESTY = {0, 20, 200, 200, 2000};
  private static final int[] TYPES = {0, 1, 0, 1, 4, 8, 11, 13, 0, 1, 2, 77};

  private final FuzzedMemory memory = new FuzzedMemory();
  private final FuzzedDisk disk = new FuzzedDisk(memory);
  private final FuzzedInflight inflight = new FuzzedInflight();
  private final DiskFailures failures = new DiskFailures("fuzzed", () -> "fuzzed", () -> 0);
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final EventLoop executor = executor();
  private Decisions decisions = new Decisions(new byte[0]);
  private String fault = "";

  // The ring of this run, for the guest and for this process.
  private int size;
  private long descriptors;
  private long available;
  private int rings;
  private boolean remembers;
  private boolean resumed;
  private int offered;
  private int free;

  /** An executor whose tasks run when {@link #settle} says so, in the calling thread. */
  private EventLoop executor() {
    return (EventLoop)
        Proxy.newProxyInstance(
            EventLoop.class.getClassLoader(),
            new Class<?>[] {EventLoop.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "inEventLoop" -> true;
                  case "execute" -> tasks.add((Runnable) arguments[0]) ? null : null;
                  case "hashCode" -> 1;
                  case "equals" -> proxy == arguments[0];
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /** Serves a guest; returns how many chains were taken from its ring. */
  int run(byte[] bytes) {
    decisions = new Decisions(bytes);
    memory.clear();
    disk.begin(decisions);
    tasks.clear();
    fault = "";
    decisions.honesty(HONESTY[decisions.below(HONESTY.length)]);
    int modes = decisions.octet();
    boolean eventIndex = (modes & 1) != 0;
    boolean indirect = (modes & 2) == 0;
    var export =
        new Export("disk", "", disk, (modes & 12) == 12, true, false, failures, new DiskTraffic());
    var loop = new VhostLoop(executor, () -> 0);
    var queue = new BlockQueue(0, loop, export, BlockConfig.of(export, 1), what -> fault = what);
    queue.writeback((modes & 48) != 48);
    int first = begin(queue, eventIndex, indirect);
    for (int round = decisions.below(4); round >= 0; round--) {
      offerSome(indirect);
      if (fault.isEmpty()) queue.enable(true);
      settle(decisions.oneIn(4) ? 3 : MOST_TASKS);
    }
    return end(queue, first);
  }

  private int begin(BlockQueue queue, boolean eventIndex, boolean indirect) {
    size = 1 << Math.min(10, decisions.below(8) + 3 * (decisions.octet() / 250));
    int next = decisions.word();
    long at = FuzzedMemory.RINGS.guest();
    descriptors = memory.host(at);
    available = descriptors + SplitRing.descriptorBytes(size);
    long used = available + SplitRing.availableBytes(size) + 2 & -4L;
    rings = (int) (used + SplitRing.usedBytes(size) - descriptors);
    offered = next;
    free = 0;
    HostMemory.putIndex(available + 2, next);
    HostMemory.putIndex(used + 2, (int) decisions.bent(next));
    remembers = decisions.oneIn(2);
    resumed = false;
    if (remembers) left();
    try {
      queue.start(
          new BlockQueue.Setup(size, descriptors, available, used, next, eventIndex, indirect),
          memory.guest,
          remembers ? inflight.table() : InflightTable.NONE);
    } catch (ProtocolException e) {
      fault = e.getMessage(); // the front-end's connection ends then
    }
    return next;
  }

  /** Leaves something in flight from a server before this one, or nothing. */
  private void left() {
    inflight.clear();
    resumed = decisions.below(4) == 3;
    if (!resumed) return;
    inflight.poke(8, 1); // the version: the table was used before
    for (int pokes = decisions.below(8); pokes > 0; pokes--) {
      inflight.poke(16 + 16 * decisions.below(size), 1);
      inflight.poke(decisions.below(16 + 16 * Math.min(16, size)), decisions.octet());
    }
  }

  /** Lets the loop and the disk do what they have to do, up to so many steps. */
  private void settle(int steps) {
    for (; steps > 0; steps--) {
      Runnable task = tasks.poll();
      if (task != null) task.run();
      else if (!disk.carryOutOne()) return;
    }
    if (tasks.size() > MOST_TASKS) throw new AssertionError("a loop that never comes to rest");
  }

  private int end(BlockQueue queue, int first) {
    int[] stopped = {-1};
    queue.stop(next -> stopped[0] = next);
    settle(MOST_TASKS);
    if (stopped[0] < 0) throw new AssertionError("the queue does not stop");
    if (remembers && fault.isEmpty() && !inflight.table().left(0).isEmpty())
      throw new AssertionError("a chain that was taken and never given back");
    // After a crash the ring says where to go on: what was taken here is not known.
    int taken = resumed ? 0 : stopped[0] - first & 0xffff;
    memory.checkMargins();
    disk.checkMargins();
    return taken;
  }

  String fault() {
    return fault;
  }

  // ---- The driver

  private void offerSome(boolean indirect) {
    free = 0; // what was offered before is taken
    int most = decisions.below(Math.min(size, 32) + 1);
    for (int chains = most; chains > 0 && free < size; chains--) {
      int head = chain(indirect);
      HostMemory.putShort(available + 4 + 2L * (offered & size - 1), (int) decisions.bent(head));
      offered++;
    }
    HostMemory.putIndex(available + 2, (int) decisions.bent(offered));
  }

  /** Writes a request into the ring, or into a table that the ring names. */
  private int chain(boolean indirect) {
    int type = TYPES[decisions.below(TYPES.length)];
    boolean reads = type == 0 || type == 8;
    long header = memory.anAddress(decisions, 16, rings);
    HostMemory.putInt(memory.host(header), (int) decisions.bent(type));
    long sector = decisions.bent(decisions.below(1 + FuzzedDisk.CAPACITY / 512));
    if (memory.guest.left(memory.guest.find(header), header) >= 16)
      HostMemory.putLong(memory.host(header) + 8, sector);
    int buffers = type == 4 ? 0 : decisions.below(5) + 60 * (decisions.octet() / 254);
    if (free + buffers + 2 > size) buffers = Math.max(0, size - free - 2);
    boolean inTable = indirect && decisions.below(2) == 1;
    int entries = buffers + 2;
    long table = inTable ? memory.anAddress(decisions, 16 * entries, rings) : 0;
    if (inTable && memory.guest.left(memory.guest.find(table), table) < 16L * entries)
      inTable = false;
    int head = free;
    for (int i = 0; i < entries; i++) {
      int length = i == 0 ? 16 : i == entries - 1 ? 1 : length(type);
      long address = i == 0 ? header : memory.anAddress(decisions, length, rings);
      int flags = i == entries - 1 || i > 0 && reads ? WRITE : 0;
      if (i < entries - 1) flags |= NEXT;
      if (type > 8 && i == 1) ranges(address);
      int index = inTable ? i : free % size;
      long next = inTable ? i + 1 : (free + 1) % size;
      descriptor(inTable ? memory.host(table) : descriptors, index, address, length, flags, next);
      if (!inTable) free++;
    }
    if (!inTable) return head % size;
    descriptor(descriptors, free++ % size, table, 16 * entries, INDIRECT, 0);
    return head % size;
  }

  private int length(int type) {
    if (type > 8) return 16 * (1 + decisions.below(3));
    return switch (decisions.below(8)) {
      case 0 -> decisions.below(4) == 3 ? decisions.word() : 4096;
      case 1 -> 1 + decisions.below(32);
      case 2 -> 256;
      default -> 512 << decisions.below(4);
    };
  }

  private void ranges(long address) {
    if (memory.guest.left(memory.guest.find(address), address) < 16) return;
    long host = memory.host(address);
    HostMemory.putLong(host, decisions.bent(decisions.below(1 + FuzzedDisk.CAPACITY / 512)));
    HostMemory.putLong(host + 8, decisions.bent(decisions.below(16)));
  }

  private void descriptor(long table, int index, long address, int length, int flags, long next) {
    long at = table + 16L * index;
    HostMemory.putLong(at, decisions.bent(address));
    HostMemory.putInt(at + 8, (int) decisions.bent(length));
    HostMemory.putShort(at + 12, (int) decisions.bent(flags));
    HostMemory.putShort(at + 14, (int) decisions.bent(next));
  }

  @Override
  public void close() throws Exception {
    inflight.close();
    memory.close();
  }

  @Override
  public String toString() {
    return "ring of %d, %s".formatted(size, Arrays.asList(offered, fault));
  }
}
