package dev.varve.io.vhost;

import java.lang.invoke.VarHandle;

/**
 * The split ring of one queue as a device sees it (virtio 1.2, section 2.7): takes chains that the
 * driver has made available, and gives them back as used.
 *
 * <p>The driver may write any of it at any moment: each value is read once, and checked before it
 * is used. Used on the loop of its queue.
 */
final class SplitRing {

  /** Bytes of the parts of a ring of {@code size} entries, with the event index at their ends. */
  static long descriptorBytes(int size) {
    return 16L * size;
  }

  static long availableBytes(int size) {
    return 6 + 2L * size;
  }

  static long usedBytes(int size) {
    return 6 + 8L * size;
  }

  private static final int NO_INTERRUPT = 1;
  private static final int NO_NOTIFY = 1;
  private static final int FLAGS = 0;
  private static final int INDEX = 2;
  private static final int ENTRIES = 4;

  private final int size;
  private final long descriptors;
  private final long available;
  private final long used;
  private final boolean eventIndex;

  /** Counts of chains, of which the ring shows the lower 16 bits. */
  private int taken;

  private int returned;
  private int published;
  private int called;
  private boolean callOnce = true;

  /** Chains that were taken and not given back; no driver that keeps the rules has more ready. */
  private int held;

  /**
   * A ring that goes on where one stopped.
   *
   * @param size a power of two
   * @param available,used addresses in this process
   * @param next the number of the first chain to take
   * @param eventIndex whether VIRTIO_F_EVENT_IDX was negotiated
   */
  SplitRing(int size, long descriptors, long available, long used, int next, boolean eventIndex) {
    this.size = size;
    this.descriptors = descriptors;
    this.available = available;
    this.used = used;
    this.eventIndex = eventIndex;
    this.taken = next & 0xffff;
    this.returned = HostMemory.getIndex(used + INDEX);
    this.published = returned;
    this.called = returned;
  }

  int size() {
    return size;
  }

  /** Where the descriptors are in this process. */
  long descriptors() {
    return descriptors;
  }

  /** The number of the next chain to take. */
  int next() {
    return taken & 0xffff;
  }

  /** The index of the used ring, as the driver will see it with {@link #publish}. */
  int returned() {
    return returned & 0xffff;
  }

  /** How many chains can be taken. */
  int ready() throws ProtocolException {
    int ready = HostMemory.getIndex(available + INDEX) - taken & 0xffff;
    if (ready > size - held)
      throw new ProtocolException(
          "%d chains are available in a ring of %d entries, and %d are being served"
              .formatted(ready, size, held));
    return ready;
  }

  /** Takes a chain that is {@link #ready}; returns its first descriptor, checked. */
  int take() throws ProtocolException {
    int first = HostMemory.getShort(available + ENTRIES + 2L * (taken & size - 1));
    int head = HostMemory.index(first, size);
    if (head < 0)
      throw new ProtocolException("a chain begins at descriptor %d of %d".formatted(first, size));
    taken++;
    held++;
    return head;
  }

  /** Counts a chain that a server before this one had taken, and that is served again. */
  void takeAgain() {
    held++;
  }

  /** Puts a chain into the used ring, where the driver sees it after {@link #publish}. */
  void give(int head, int written) {
    long entry = used + ENTRIES + 8L * (returned & size - 1);
    HostMemory.putInt(entry, head);
    HostMemory.putInt(entry + 4, written);
    returned++;
    held--;
  }

  /** Lets the driver see what was given; false if there is nothing new. */
  boolean publish() {
    if (published == returned) return false;
    HostMemory.putIndex(used + INDEX, returned);
    published = returned;
    return true;
  }

  /** Whether the driver wants to be called for what was published since it was called last. */
  boolean wantsCall() {
    VarHandle.fullFence(); // the index is written before the driver's wish is read
    int since = returned - called & 0xffff;
    if (!eventIndex) {
      called = returned;
      return (HostMemory.getShort(available + FLAGS) & NO_INTERRUPT) == 0;
    }
    int event = HostMemory.getShort(available + ENTRIES + 2L * size);
    boolean passed = (returned - event - 1 & 0xffff) < since;
    called = returned;
    boolean wanted = passed || callOnce; // the device before this one may have owed a call
    callOnce = false;
    return wanted;
  }

  /** Tells the driver that its kicks are not needed: the device looks by itself. */
  void suppressKicks() {
    if (!eventIndex) HostMemory.putShort(used + FLAGS, NO_NOTIFY);
    // With the event index the device names no later chain, which says the same.
  }

  /**
   * Asks for a kick with the next chain.
   *
   * @return whether chains have come meanwhile, for which there may be no kick
   */
  boolean wantKicks() throws ProtocolException {
    if (eventIndex) HostMemory.putShort(used + ENTRIES + 8L * size, taken);
    else HostMemory.putShort(used + FLAGS, 0);
    VarHandle.fullFence(); // the wish is written before the index is read
    return ready() > 0;
  }
}
