package dev.varve.io.vhost;

import dev.varve.io.posix.Posix;
import java.util.Arrays;

/**
 * The buffers of one chain of descriptors (virtio 1.2, sections 2.7.4 to 2.7.5), as addresses in
 * this process: first those that the device reads, then those that it writes. Reused; not
 * thread-safe.
 *
 * <p>{@link #read} is the border: each descriptor is read once, its address is looked up, and what
 * comes out is inside the guest's memory. A chain that forms a loop ends at the number of
 * descriptors that there can be.
 */
final class Chain {

  /** A chain of more buffers is refused: the driver is told of fewer. */
  static final int MOST = 1024 + 2;

  /** Bytes of the header of a request: type, reserved, sector. */
  private static final int HEADER = 16;

  private static final int NEXT = 1;
  private static final int WRITE = 2;
  private static final int INDIRECT = 4;

  private final boolean indirect;
  private long[] addresses = new long[16];
  private int[] lengths = new int[16];
  private int count;
  private int readable;
  private long readableBytes;
  private long writableBytes;
  private int first;
  private int type;
  private long sector;
  private long status;
  private int walked;

  /**
   * @param indirect whether VIRTIO_F_INDIRECT_DESC was negotiated
   */
  Chain(boolean indirect) {
    this.indirect = indirect;
  }

  /**
   * Reads the chain that begins at a descriptor.
   *
   * @throws ProtocolException it breaks a rule
   */
  void read(SplitRing ring, int head, GuestMemory memory) throws ProtocolException {
    count = 0;
    readable = 0;
    readableBytes = 0;
    writableBytes = 0;
    walked = 0;
    walk(ring.descriptors(), ring.size(), head, memory, false);
  }

  private void walk(long table, int size, int first, GuestMemory memory, boolean nested)
      throws ProtocolException {
    int index = first;
    for (int steps = 0; steps < size; steps++) {
      walked++;
      long descriptor = table + 16L * index;
      long address = HostMemory.getLong(descriptor);
      int length = HostMemory.getInt(descriptor + 8);
      int flags = HostMemory.getShort(descriptor + 12);
      int next = HostMemory.getShort(descriptor + 14);
      if ((flags & INDIRECT) != 0) follow(address, length, flags, memory, nested);
      else add(address, length, (flags & WRITE) != 0, memory);
      if ((flags & NEXT) == 0) return;
      index = HostMemory.index(next, size);
      if (index < 0)
        throw new ProtocolException("descriptor %d of %d in a chain".formatted(next, size));
    }
    throw new ProtocolException("a chain of descriptors is a loop");
  }

  private void follow(long address, int length, int flags, GuestMemory memory, boolean nested)
      throws ProtocolException {
    if (!indirect || nested)
      throw new ProtocolException("an indirect descriptor where there may be none");
    if ((flags & NEXT) != 0)
      throw new ProtocolException("an indirect descriptor that has a next one");
    int entries = length >>> 4;
    if (length <= 0 || length % 16 != 0 || entries > MOST)
      throw new ProtocolException("an indirect table of %d bytes".formatted(length & 0xffffffffL));
    int region = memory.find(address);
    if (region == GuestMemory.NOWHERE || memory.left(region, address) < length)
      throw outside(address, length);
    walk(memory.host(region, address), entries, 0, memory, true);
  }

  /**
   * @param length without a sign, and compared as 32 bits: if it were widened first, a load that
   *     was passed over could have more of them ({@link HostMemory#index})
   */
  private void add(long address, int length, boolean writable, GuestMemory memory)
      throws ProtocolException {
    if (!writable && count > readable)
      throw new ProtocolException("a buffer to be read behind one to be written");
    if (length == 0) throw new ProtocolException("a buffer of 0 bytes");
    while (length != 0) {
      int region = memory.find(address);
      if (region == GuestMemory.NOWHERE) throw outside(address, length);
      long host = memory.host(region, address);
      int run = (int) Math.min(memory.left(region, address), Integer.MAX_VALUE);
      if (Integer.compareUnsigned(length, run) < 0) run = length;
      put(host, run, writable);
      address += run;
      length -= run;
    }
  }

  /** What lies behind the buffer before it becomes one with it: fewer requests for the disk. */
  private void put(long host, int length, boolean writable) throws ProtocolException {
    if (writable) writableBytes += length;
    else readableBytes += length;
    int last = count - 1;
    boolean joined =
        last >= (writable ? readable : 0)
            && host == addresses[last] + lengths[last]
            && lengths[last] <= Integer.MAX_VALUE - length;
    if (joined) {
      lengths[last] += length;
      return;
    }
    if (count == MOST)
      throw new ProtocolException("a chain of more than %d buffers".formatted(MOST));
    if (count == addresses.length) grow();
    addresses[count] = host;
    lengths[count] = length;
    count++;
    if (!writable) readable = count;
  }

  private void grow() {
    int size = Math.min(MOST, 4 * addresses.length);
    addresses = Arrays.copyOf(addresses, size);
    lengths = Arrays.copyOf(lengths, size);
  }

  private static ProtocolException outside(long address, int length) {
    return new ProtocolException(
        "%s bytes at guest address %#x, outside the shared memory"
            .formatted(Integer.toUnsignedString(length), address));
  }

  /**
   * Takes the header from the front and the status byte from the end, however they are spread over
   * buffers; what is left are the data.
   *
   * @throws ProtocolException there is no room for them
   */
  void takeFrame() throws ProtocolException {
    if (readableBytes < HEADER || writableBytes < 1)
      throw new ProtocolException(
          "a request with a header of %d bytes and a status of %d"
              .formatted(readableBytes, writableBytes));
    if (lengths[0] >= HEADER) {
      type = HostMemory.getInt(addresses[0]);
      sector = HostMemory.getLong(addresses[0] + 8);
    } else {
      type = (int) gather(0, 4);
      sector = gather(8, 8);
    }
    dropFront(HEADER);
    readableBytes -= HEADER;
    int last = count - 1;
    lengths[last]--;
    writableBytes--;
    status = addresses[last] + lengths[last];
    if (lengths[last] == 0) count--;
  }

  /** Little-endian bytes from the front of what can be read. */
  private long gather(int from, int length) {
    long value = 0;
    for (int i = 0; i < length; i++) {
      int at = from + i;
      int buffer = 0;
      for (; at >= lengths[buffer]; buffer++) at -= lengths[buffer];
      value |= (HostMemory.getByte(addresses[buffer] + at) & 0xffL) << 8 * i;
    }
    return value;
  }

  private void dropFront(int bytes) {
    first = 0;
    for (int left = bytes; left > 0; ) {
      int n = Math.min(left, lengths[first]);
      addresses[first] += n;
      lengths[first] -= n;
      left -= n;
      if (lengths[first] == 0) first++;
    }
  }

  /** How many descriptors it has. */
  int descriptors() {
    return walked;
  }

  /** Whether all of its memory can still be used; touches each page of it. */
  boolean isThere() {
    if (!HostMemory.isThere(status, true)) return false;
    for (int buffer = first; buffer < count; buffer++) {
      boolean written = buffer >= readable;
      long end = addresses[buffer] + lengths[buffer];
      for (long at = addresses[buffer]; at < end; at = (at | Posix.PAGE_SIZE - 1) + 1)
        if (!HostMemory.isThere(at, written)) return false;
    }
    return true;
  }

  /** What is asked, after {@link #takeFrame}. */
  int type() {
    return type;
  }

  /** The first sector that is asked for, after {@link #takeFrame}; any 64 bits. */
  long sector() {
    return sector;
  }

  /** Where the status byte goes, after {@link #takeFrame}. */
  long status() {
    return status;
  }

  /** How many bytes of data the device reads. */
  long readableBytes() {
    return readableBytes;
  }

  /** How many bytes of data the device writes. */
  long writableBytes() {
    return writableBytes;
  }

  /** The index of the first data buffer that the device reads; they end at {@link #middle}. */
  int first() {
    return first;
  }

  /** The index of the first data buffer that the device writes; they end at {@link #end}. */
  int middle() {
    return readable;
  }

  int end() {
    return count;
  }

  long address(int buffer) {
    return addresses[buffer];
  }

  int length(int buffer) {
    return lengths[buffer];
  }

  /** Makes this chain one like another, which may then be used for another request. */
  void copyOf(Chain other) {
    if (addresses.length < other.count) {
      addresses = new long[other.addresses.length];
      lengths = new int[other.lengths.length];
    }
    System.arraycopy(other.addresses, 0, addresses, 0, other.count);
    System.arraycopy(other.lengths, 0, lengths, 0, other.count);
    first = other.first;
    count = other.count;
    readable = other.readable;
    readableBytes = other.readableBytes;
    writableBytes = other.writableBytes;
    type = other.type;
    sector = other.sector;
    status = other.status;
  }
}
