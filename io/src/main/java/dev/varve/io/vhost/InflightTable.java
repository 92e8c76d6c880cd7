package dev.varve.io.vhost;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import dev.varve.io.posix.SharedMemory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which chains are taken and not given back, in memory that the front-end keeps: a server that was
 * killed goes on with them when it is started again (the vhost-user text, "Inflight I/O tracking").
 *
 * <p>For each queue a head of 16 bytes (features, version, number of entries, head of the last
 * batch, index of the used ring), then 16 bytes for each descriptor (in flight, next of the batch,
 * counter). Each queue's part is used on the loop of that queue.
 */
final class InflightTable {

  private static final int HEAD = 16;
  private static final int ENTRY = 16;
  private static final int VERSION_AT = 8;
  private static final int ENTRIES_AT = 10;
  private static final int LAST_AT = 12;
  private static final int USED_AT = 14;
  private static final int NEXT_AT = 6;
  private static final int COUNTER_AT = 8;
  private static final int ALIGNMENT = 64;

  /** Nothing is remembered. */
  static final InflightTable NONE = new InflightTable(0, 0, 0, 0);

  private final long address;
  private final long length;
  private final int queues;
  private final int entries;
  private final long[] counters;

  /** Heads given since the last {@link #published}, by queue. */
  private final List<List<Integer>> batches = new ArrayList<>();

  private InflightTable(long address, long length, int queues, int entries) {
    this.address = address;
    this.length = length;
    this.queues = queues;
    this.entries = entries;
    this.counters = new long[queues];
    for (int i = 0; i < queues; i++) batches.add(new ArrayList<>());
  }

  /** Bytes for so many queues of so many entries. */
  static long length(int queues, int entries) {
    return (long) queues * part(entries);
  }

  private static long part(int entries) {
    return (HEAD + (long) ENTRY * entries + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * Maps a table. The descriptor stays the caller's.
   *
   * @throws ProtocolException the file is too short
   */
  static InflightTable map(int descriptor, long offset, long length, int queues, int entries)
      throws ProtocolException, PosixException {
    boolean right =
        offset >= 0
            && offset % Posix.PAGE_SIZE == 0
            && length >= length(queues, entries)
            && offset <= Posix.knownLength(descriptor) - length;
    if (!right)
      throw new ProtocolException("%d bytes at %d for what is in flight".formatted(length, offset));
    long address = SharedMemory.map(descriptor, offset, length);
    return new InflightTable(address, length, queues, entries);
  }

  /** Ends the mapping. For when no queue uses it any more. */
  void unmap() throws PosixException {
    if (this != NONE) SharedMemory.unmap(address, length);
  }

  private boolean has(int queue) {
    return queue < queues;
  }

  private long head(int queue) {
    return address + queue * part(entries);
  }

  private long entry(int queue, int descriptor) {
    return head(queue) + HEAD + (long) ENTRY * descriptor;
  }

  /**
   * Puts a queue's part right after its server was killed.
   *
   * @param used where the used ring is
   * @param next the number of the next chain as the front-end knows it
   * @return that number, with what is in flight counted
   */
  int resume(int queue, long used, int next) throws ProtocolException {
    if (!has(queue)) return next;
    long head = head(queue);
    if (HostMemory.getShort(head + VERSION_AT) != 1) {
      HostMemory.putShort(head + VERSION_AT, 1);
      HostMemory.putShort(head + ENTRIES_AT, entries);
      HostMemory.putShort(head + USED_AT, HostMemory.getIndex(used + 2));
      return next;
    }
    int published = HostMemory.getIndex(used + 2);
    int batch = published - HostMemory.getShort(head + USED_AT) & 0xffff;
    int last = HostMemory.getShort(head + LAST_AT);
    if (batch > entries) throw new ProtocolException("a batch of %d in flight".formatted(batch));
    for (; batch > 0; batch--) { // the driver has seen these as used
      int index = HostMemory.index(last, entries);
      if (index < 0) throw new ProtocolException("descriptor %d in flight".formatted(last));
      HostMemory.putByte(entry(queue, index), (byte) 0);
      last = HostMemory.getShort(entry(queue, index) + NEXT_AT);
    }
    HostMemory.putShort(head + USED_AT, published);
    List<Integer> left = left(queue);
    counters[queue] =
        left.stream()
            .mapToLong(d -> HostMemory.getLong(entry(queue, d) + COUNTER_AT))
            .max()
            .orElse(0);
    return published + left.size() & 0xffff;
  }

  /** What is in flight, in the order in which it was taken. */
  List<Integer> left(int queue) {
    if (!has(queue)) return List.of();
    List<Integer> left = new ArrayList<>();
    for (int i = 0; i < entries; i++) if (HostMemory.getByte(entry(queue, i)) == 1) left.add(i);
    left.sort(Comparator.comparingLong(d -> HostMemory.getLong(entry(queue, d) + COUNTER_AT)));
    return left;
  }

  /** A chain was taken. */
  void taken(int queue, int descriptor) {
    if (!has(queue) || descriptor >= entries) return;
    HostMemory.putLong(entry(queue, descriptor) + COUNTER_AT, ++counters[queue]);
    HostMemory.putByte(entry(queue, descriptor), (byte) 1);
  }

  /** A chain goes into the used ring, which the driver does not see yet. */
  void given(int queue, int descriptor) {
    if (!has(queue) || descriptor >= entries) return;
    long head = head(queue);
    HostMemory.putShort(entry(queue, descriptor) + NEXT_AT, HostMemory.getShort(head + LAST_AT));
    HostMemory.putShort(head + LAST_AT, descriptor);
    batches.get(queue).add(descriptor);
  }

  /** The driver sees what was given. */
  void published(int queue, int index) {
    if (!has(queue)) return;
    for (int descriptor : batches.get(queue))
      HostMemory.putByte(entry(queue, descriptor), (byte) 0);
    batches.get(queue).clear();
    HostMemory.putShort(head(queue) + USED_AT, index);
  }
}
