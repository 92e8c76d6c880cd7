package dev.varve.bench.compare;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The disk of a virtual machine without the machine: shares memory with a vhost-user-blk server and
 * plays the driver of one split ring in it. A slot is a request that can be in flight, with a
 * buffer of its own.
 *
 * <p>Used by one thread. {@link #read}, {@link #flush} and {@link #await} block.
 */
public final class GuestSession implements DiskSession {

  public static final int READ = 0;
  public static final int WRITE = 1;
  private static final int FLUSH = 4;

  private static final int SECTOR = 512;
  private static final int RING = 256;
  private static final int DESCRIPTORS_PER_SLOT = 3;
  private static final int DESCRIPTOR = 16;
  private static final short NEXT = 1;
  private static final short WRITTEN_BY_DEVICE = 2;
  private static final short NO_CALLS = 1;
  private static final int NO_KICKS = 1;

  // What lies where in the memory: the ring, then headers and status bytes, then the buffers.
  private static final long AVAILABLE = (long) DESCRIPTOR * RING;
  private static final long USED = 2 * AVAILABLE;
  private static final long HEADERS = 3 * AVAILABLE;
  private static final int HEADER = 16;
  private static final long STATUSES = HEADERS + (long) HEADER * RING;
  private static final long BUFFERS = 1 << 20;
  private static final long PAGE = 4096;
  private static final int INDEX = 2;
  private static final int ENTRIES = 4;

  /** The first address of the memory as the guest would see it. */
  private static final long GUEST = 1 << 20;

  private static final int PATIENCE_MILLIS = 5000;
  private static final VarHandle INDEXES = JAVA_SHORT.varHandle();

  private final VhostUserControl control;
  private final int file;
  private final int kick;
  private final int call;
  private final long address;
  private final MemorySegment memory;
  private final int blockSize;
  private final long stride;
  private final long capacity;
  private int offered;
  private int published;
  private int seen;

  private GuestSession(VhostUserControl control, int slots, int blockSize) throws IOException {
    this.control = control;
    this.capacity = control.negotiate();
    this.blockSize = blockSize;
    this.stride = (blockSize + PAGE - 1) / PAGE * PAGE;
    long length = BUFFERS + slots * stride;
    this.file = SharedMemory.create("varve-bench", length);
    this.address = SharedMemory.map(file, 0, length);
    this.memory = MemorySegment.ofAddress(address).reinterpret(length).fill((byte) 1);
    memory.asSlice(0, BUFFERS).fill((byte) 0);
    this.kick = EventDescriptor.create();
    this.call = EventDescriptor.create();
  }

  /**
   * Connects and sets up the ring.
   *
   * @param slots how many requests can be in flight
   * @param blockSize bytes of each buffer, a multiple of 512
   */
  public static GuestSession open(Path socket, int slots, int blockSize) throws IOException {
    if (slots * DESCRIPTORS_PER_SLOT > RING)
      throw new IllegalArgumentException("the ring is too small for " + slots + " requests");
    VhostUserControl control = VhostUserControl.connect(socket);
    try {
      var session = new GuestSession(control, slots, blockSize);
      session.start();
      return session;
    } catch (Throwable e) {
      control.close();
      throw e;
    }
  }

  private void start() throws IOException {
    try {
      control.shareMemory(GUEST, memory.byteSize(), address, file);
      control.startQueue(RING, address, address + USED, address + AVAILABLE, kick, call);
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /** How many bytes the disk has. */
  long capacity() {
    return capacity;
  }

  // ---- The driver

  /**
   * Makes a request available; the device sees it with {@link #submit}.
   *
   * @param type {@link #READ} or {@link #WRITE}: of a buffer of the block size
   */
  public void offer(int slot, int type, long offset) {
    boolean flushes = type == FLUSH;
    long header = HEADERS + (long) HEADER * slot;
    memory.set(JAVA_INT, header, type);
    memory.set(JAVA_LONG, header + 8, offset / SECTOR);
    memory.set(JAVA_BYTE, STATUSES + slot, (byte) 0xff);
    int first = DESCRIPTORS_PER_SLOT * slot;
    int last = first + 2;
    descriptor(first, header, HEADER, NEXT, flushes ? last : first + 1);
    short written = type == READ ? WRITTEN_BY_DEVICE : 0;
    descriptor(first + 1, buffer(slot), blockSize, (short) (NEXT | written), last);
    descriptor(last, STATUSES + slot, 1, WRITTEN_BY_DEVICE, 0);
    memory.set(JAVA_SHORT, AVAILABLE + ENTRIES + 2L * (offered++ & RING - 1), (short) first);
  }

  private void descriptor(int index, long at, int length, short flags, int next) {
    long descriptor = (long) DESCRIPTOR * index;
    memory.set(JAVA_LONG, descriptor, GUEST + at);
    memory.set(JAVA_INT, descriptor + 8, length);
    memory.set(JAVA_SHORT, descriptor + 12, flags);
    memory.set(JAVA_SHORT, descriptor + 14, (short) next);
  }

  private long buffer(int slot) {
    return BUFFERS + slot * stride;
  }

  /** Shows the device what was offered, and kicks it if it asks for that. */
  public void submit() {
    if (offered == published) return;
    published = offered;
    INDEXES.setRelease(memory, AVAILABLE + INDEX, (short) offered);
    VarHandle.fullFence(); // the index is written before the device's wish is read
    if ((memory.get(JAVA_SHORT, USED) & NO_KICKS) == 0) EventDescriptor.signal(kick);
  }

  /**
   * Waits until requests have been answered.
   *
   * @return how many, for {@link #take}; at least 1
   * @throws IOException there is no answer
   */
  public int await() throws IOException {
    int answered = answered();
    if (answered > 0) return answered;
    memory.set(JAVA_SHORT, AVAILABLE, (short) 0);
    VarHandle.fullFence(); // the wish is written before the index is read
    for (answered = answered(); answered == 0; answered = answered()) {
      if (!EventDescriptor.await(call, PATIENCE_MILLIS) && answered() == 0)
        throw new IOException("the server does not answer");
    }
    memory.set(JAVA_SHORT, AVAILABLE, NO_CALLS);
    return answered;
  }

  private int answered() {
    return (short) INDEXES.getAcquire(memory, USED + INDEX) - seen & 0xffff;
  }

  /** Takes the next answer; returns its slot. */
  public int take() throws IOException {
    long entry = USED + ENTRIES + 8L * (seen++ & RING - 1);
    int slot = memory.get(JAVA_INT_UNALIGNED, entry) / DESCRIPTORS_PER_SLOT;
    byte status = memory.get(JAVA_BYTE, STATUSES + slot);
    if (status != 0) throw new IOException("the server answered with virtio status " + status);
    return slot;
  }

  // ---- One by one

  @Override
  public void read(long offset, ByteBuffer destination) throws IOException {
    carryOut(READ, offset);
    destination.put(memory.asSlice(buffer(0), destination.remaining()).asByteBuffer());
  }

  @Override
  public void flush() throws IOException {
    carryOut(FLUSH, 0);
  }

  private void carryOut(int type, long offset) throws IOException {
    offer(0, type, offset);
    submit();
    await();
    take();
  }

  @Override
  public void close() throws IOException {
    control.close();
    SharedMemory.unmap(address, memory.byteSize());
    Posix.close(file);
    Posix.close(kick);
    Posix.close(call);
  }
}
