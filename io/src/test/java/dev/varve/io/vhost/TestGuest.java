package dev.varve.io.vhost;

import dev.varve.io.posix.DescriptorSocket;
import dev.varve.io.posix.EventDescriptor;
import dev.varve.io.posix.HangUp;
import dev.varve.io.posix.Posix;
import dev.varve.io.posix.SharedMemory;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A front-end with a driver that does exactly what a test says, right or wrong: its memory is a
 * memfd, its ring lies at the start, buffers behind. Not thread-safe.
 */
final class TestGuest implements AutoCloseable {

  static final long GUEST = 0x4000_0000L;
  static final int NEXT = 1;
  static final int WRITE = 2;
  static final int INDIRECT = 4;

  static final long VERSION_1 = 1L << 32;
  static final long PROTOCOL = 1L << 30;
  static final long EVENT_INDEX = 1L << 29;
  static final long INDIRECT_FEATURE = 1L << 28;

  static final int IN = 0;
  static final int OUT = 1;
  static final int FLUSH = 4;
  static final int GET_ID = 8;
  static final int DISCARD = 11;
  static final int WRITE_ZEROES = 13;

  final int size;
  final int memory;
  final long host;
  final long length;
  private final DescriptorSocket socket;
  private final int kick = EventDescriptor.create();
  private final int call = EventDescriptor.create();
  private final long descriptors;
  private final long available;
  private final long used;
  private int atOnce = Integer.MAX_VALUE;
  private long free;
  private int freeDescriptor;
  private int offered;
  private int seen;
  private boolean closed;

  TestGuest(Path path, int size, long length) throws IOException {
    this.size = size;
    this.length = length;
    this.memory = SharedMemory.create("guest", length);
    this.host = SharedMemory.map(memory, 0, length);
    this.descriptors = host;
    this.available = align(descriptors + SplitRing.descriptorBytes(size), 16);
    this.used = align(available + SplitRing.availableBytes(size), 16);
    this.free = align(used + SplitRing.usedBytes(size), 4096);
    this.socket = DescriptorSocket.connect(path);
  }

  private static long align(long address, long to) {
    return (address + to - 1) / to * to;
  }

  // ---- The control socket

  void send(int request, byte[] payload, int... fds) throws IOException {
    send(request, 1, payload, fds);
  }

  void send(int request, int flags, byte[] payload, int... fds) throws IOException {
    ByteBuffer out = little(12 + payload.length);
    out.putInt(request).putInt(flags).putInt(payload.length).put(payload);
    sendBytes(out.array(), fds);
  }

  /** From now on no more bytes are sent at once. */
  void sendAtOnce(int bytes) {
    atOnce = bytes;
  }

  void sendBytes(byte[] bytes, int... fds) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      for (long at = 0; at < out.byteSize(); ) {
        long length = Math.min(atOnce, out.byteSize() - at);
        int n = socket.send(out.asSlice(at, length), at == 0 ? fds : new int[0]);
        if (n > 0) at += n;
        else Thread.onSpinWait();
      }
    }
  }

  /** The payload of a reply. */
  ByteBuffer receive(int request) throws IOException {
    ByteBuffer header = little(receive(new byte[12]));
    if (header.getInt(0) != request)
      throw new IOException("a reply to %d instead of %d".formatted(header.getInt(0), request));
    return little(receive(new byte[header.getInt(8)]));
  }

  /** Receives so many bytes. */
  byte[] receive(byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(Math.max(1, bytes.length));
      for (int at = 0; at < bytes.length; ) {
        int n = socket.receive(in.asSlice(at, bytes.length - at));
        if (n == 0) throw new EOFException();
        if (n > 0) at += n;
        else Thread.onSpinWait();
      }
      MemorySegment.copy(in, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
      return bytes;
    }
  }

  /** The descriptor that came with the last reply. */
  int receivedDescriptor() {
    return socket.receivedDescriptor(0);
  }

  /** Returns when the server has closed the connection. */
  void awaitEnd() throws IOException {
    try {
      while (true) receive(new byte[1]);
    } catch (EOFException e) {
      return;
    } catch (IOException e) {
      if (e.getMessage().contains("reset")) return;
      throw e;
    }
  }

  long ask(int request) throws IOException {
    send(request, new byte[0]);
    return receive(request).getLong(0);
  }

  static byte[] longs(long... values) {
    ByteBuffer out = little(8 * values.length);
    for (long value : values) out.putLong(value);
    return out.array();
  }

  static byte[] ints(int... values) {
    ByteBuffer out = little(4 * values.length);
    for (int value : values) out.putInt(value);
    return out.array();
  }

  static ByteBuffer little(int size) {
    return little(new byte[size]);
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  // ---- Setting up

  /** Negotiates these features, and sets up queue 0 with all that it needs. */
  TestGuest start(long more) throws IOException {
    negotiate(more);
    shareMemory();
    startQueue(0);
    return this;
  }

  void negotiate(long more) throws IOException {
    long offered = ask(1);
    if ((offered & PROTOCOL) != 0) send(16, longs(ask(15)));
    send(3, new byte[0]);
    send(2, longs((VERSION_1 | PROTOCOL | 1L << 9 | more) & offered));
  }

  void shareMemory() throws IOException {
    send(5, region(1, GUEST, length, host, 0), memory);
  }

  /** The same in two regions, of which the second begins at an address of this process. */
  void shareMemoryInTwo(long second) throws IOException {
    long first = second - host;
    ByteBuffer out = little(8 + 2 * 32);
    out.put(region(2, GUEST, first, host, 0));
    out.put(region(0, GUEST + first, length - first, second, first), 8, 32);
    send(5, out.array(), memory, memory);
  }

  /** The end of the ring, whose last part is the used ring, as an address of this process. */
  long endOfRing() {
    return used + SplitRing.usedBytes(size);
  }

  static byte[] region(int count, long guest, long length, long frontEnd, long offset) {
    ByteBuffer out = little(8 + 32);
    out.putInt(count).putInt(0).putLong(guest).putLong(length).putLong(frontEnd).putLong(offset);
    return out.array();
  }

  void startQueue(int next) throws IOException {
    send(8, ints(0, size));
    send(10, ints(0, next));
    addresses(descriptors, used, available);
    send(12, longs(0), kick);
    send(13, longs(0), call);
    send(18, ints(0, 1));
  }

  /** Enables the queue once more, which makes it look at its ring. */
  void enableQueue() throws IOException {
    send(18, ints(0, 1));
    ask(1);
  }

  void addresses(long descriptors, long used, long available) throws IOException {
    ByteBuffer out = little(40);
    out.putInt(0).putInt(0).putLong(descriptors).putLong(used).putLong(available).putLong(0);
    send(9, out.array());
  }

  /** Stops the queue; returns the number of the next chain. */
  int stopQueue() throws IOException {
    send(11, ints(0, 0));
    return receive(11).getInt(4);
  }

  // ---- Memory

  /** A place for so many bytes, as an address of this process. */
  long place(long bytes) {
    long at = free;
    free = align(at + bytes, 16);
    if (free > host + length) throw new IllegalStateException("the guest is out of memory");
    return at;
  }

  /** Begins anew with free memory and descriptors. Nothing is in flight. */
  void reuse() {
    free = align(used + SplitRing.usedBytes(size), 4096);
    freeDescriptor = 0;
  }

  static long guest(long address, long host) {
    return address - host + GUEST;
  }

  long guest(long address) {
    return guest(address, host);
  }

  long put(byte[] bytes) {
    long at = place(bytes.length);
    MemorySegment.copy(bytes, 0, HostMemory.ALL, ValueLayout.JAVA_BYTE, at, bytes.length);
    return at;
  }

  byte[] get(long address, int length) {
    byte[] bytes = new byte[length];
    MemorySegment.copy(HostMemory.ALL, ValueLayout.JAVA_BYTE, address, bytes, 0, length);
    return bytes;
  }

  // ---- The ring

  /** Writes a descriptor of the ring. */
  void descriptor(int index, long guest, int length, int flags, int next) {
    write(descriptors, index, guest, length, flags, next);
  }

  /** Writes a descriptor of a table. */
  static void write(long table, int index, long guest, int length, int flags, int next) {
    long at = table + 16L * index;
    HostMemory.putLong(at, guest);
    HostMemory.putInt(at + 8, length);
    HostMemory.putShort(at + 12, flags);
    HostMemory.putShort(at + 14, next);
  }

  /** A buffer of a chain. */
  record Buffer(long address, int length, boolean written) {}

  /** Puts buffers into free descriptors; returns the first. */
  int chain(Buffer... buffers) {
    int head = freeDescriptor;
    for (int i = 0; i < buffers.length; i++) {
      Buffer buffer = buffers[i];
      int index = freeDescriptor++;
      boolean last = i == buffers.length - 1;
      int flags = (buffer.written ? WRITE : 0) | (last ? 0 : NEXT);
      descriptor(index, guest(buffer.address), buffer.length, flags, last ? 0 : index + 1);
    }
    return head;
  }

  /** Puts buffers into a table of their own; returns the descriptor that names it. */
  int indirect(Buffer... buffers) {
    long table = place(16L * buffers.length);
    for (int i = 0; i < buffers.length; i++) {
      boolean last = i == buffers.length - 1;
      int flags = (buffers[i].written ? WRITE : 0) | (last ? 0 : NEXT);
      write(table, i, guest(buffers[i].address), buffers[i].length, flags, last ? 0 : i + 1);
    }
    int head = freeDescriptor++;
    descriptor(head, guest(table), 16 * buffers.length, INDIRECT, 0);
    return head;
  }

  byte[] header(int type, long sector) {
    ByteBuffer header = little(16);
    header.putInt(type).putInt(0).putLong(sector);
    return header.array();
  }

  /** Makes a chain available; the device sees it with {@link #publish}. */
  void offer(int head) {
    HostMemory.putShort(available + 4 + 2L * (offered & size - 1), head);
    offered++;
  }

  void publish() {
    HostMemory.putIndex(available + 2, offered);
    EventDescriptor.signal(kick);
  }

  /** Claims that so many chains are available. */
  void publish(int index) {
    HostMemory.putIndex(available + 2, index);
    EventDescriptor.signal(kick);
  }

  /** Waits until so many more chains are used; returns the last one's head. */
  int await(int chains) {
    for (int i = 0; i < chains; i++) {
      while (HostMemory.getIndex(used + 2) == (seen & 0xffff)) Thread.onSpinWait();
      seen++;
    }
    return HostMemory.getInt(used + 4 + 8L * (seen - 1 & size - 1));
  }

  /** How many bytes the device says it has written into the last chain. */
  int lastWritten() {
    return HostMemory.getInt(used + 8 + 8L * (seen - 1 & size - 1));
  }

  /** The index of the used ring now. */
  int usedIndex() {
    return HostMemory.getIndex(used + 2);
  }

  int offered() {
    return offered;
  }

  /** Makes a request of one data buffer and waits for it; returns the status. */
  int request(int type, long sector, long data, int length, boolean written) {
    long status = put(new byte[] {(byte) 0xff});
    long header = put(header(type, sector));
    Buffer[] buffers = {
      new Buffer(header, 16, false), new Buffer(data, length, written), new Buffer(status, 1, true)
    };
    if (length == 0) buffers = new Buffer[] {buffers[0], buffers[2]};
    offer(chain(buffers));
    publish();
    await(1);
    return HostMemory.getByte(status);
  }

  int write(long sector, byte[] data) {
    return request(OUT, sector, put(data), data.length, false);
  }

  byte[] read(long sector, int length) {
    long data = place(length);
    int status = request(IN, sector, data, length, true);
    if (status != 0) throw new IllegalStateException("status " + status);
    return get(data, length);
  }

  /** Whether the device has called since it was asked last. */
  boolean called() {
    return EventDescriptor.drain(call);
  }

  int kickDescriptor() {
    return kick;
  }

  int callDescriptor() {
    return call;
  }

  @Override
  public void close() throws IOException {
    if (closed) return;
    closed = true;
    HangUp.on(socket);
    SharedMemory.unmap(host, length);
    Posix.close(memory);
    Posix.close(kick);
    Posix.close(call);
  }

  @Override
  public String toString() {
    return "guest " + Arrays.asList(offered, seen);
  }
}
