package dev.varve.bench.compare;

import dev.varve.io.posix.DescriptorSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The front-end's end of a vhost-user connection: negotiates, and tells the server where memory and
 * ring are. Used by one thread; blocks.
 */
final class VhostUserControl implements AutoCloseable {

  private static final int HEADER = 12;
  private static final int VERSION = 1;
  private static final int CONFIG_HEADER = 12;
  private static final int CONFIG_LENGTH = 60;
  private static final int SECTOR = 512;

  private static final int GET_FEATURES = 1;
  private static final int SET_FEATURES = 2;
  private static final int SET_OWNER = 3;
  private static final int SET_MEM_TABLE = 5;
  private static final int SET_VRING_NUM = 8;
  private static final int SET_VRING_ADDR = 9;
  private static final int SET_VRING_BASE = 10;
  private static final int SET_VRING_KICK = 12;
  private static final int SET_VRING_CALL = 13;
  private static final int GET_PROTOCOL_FEATURES = 15;
  private static final int SET_PROTOCOL_FEATURES = 16;
  private static final int SET_VRING_ENABLE = 18;
  private static final int GET_CONFIG = 24;

  private static final long F_VERSION_1 = 1L << 32;
  private static final long F_PROTOCOL_FEATURES = 1L << 30;
  private static final long F_FLUSH = 1L << 9;
  private static final long P_CONFIG = 1L << 9;

  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);
  private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(100);

  private final DescriptorSocket socket;

  private VhostUserControl(DescriptorSocket socket) {
    this.socket = socket;
  }

  static VhostUserControl connect(Path socket) throws IOException {
    return new VhostUserControl(DescriptorSocket.connect(socket));
  }

  /** Chooses what a load needs; returns the capacity in bytes. */
  long negotiate() throws IOException {
    long offered = ask(GET_FEATURES, bytes(0)).getLong();
    if ((offered & F_PROTOCOL_FEATURES) == 0)
      throw new IOException("the server cannot tell the size of the disk");
    long protocol = ask(GET_PROTOCOL_FEATURES, bytes(0)).getLong();
    tell(SET_PROTOCOL_FEATURES, bytes(8).putLong(protocol & P_CONFIG));
    tell(SET_OWNER, bytes(0));
    var config = bytes(CONFIG_HEADER + CONFIG_LENGTH).putInt(0).putInt(CONFIG_LENGTH);
    long sectors = ask(GET_CONFIG, config).getLong(CONFIG_HEADER);
    tell(SET_FEATURES, bytes(8).putLong(offered & (F_VERSION_1 | F_PROTOCOL_FEATURES | F_FLUSH)));
    return sectors * SECTOR;
  }

  /**
   * Shares all memory of the guest, which is one file.
   *
   * @param guest its first address for the guest
   * @param here its first address in this process
   */
  void shareMemory(long guest, long length, long here, int file) throws IOException {
    ByteBuffer table = bytes(40).putInt(1).putInt(0);
    tell(SET_MEM_TABLE, table.putLong(guest).putLong(length).putLong(here).putLong(0), file);
  }

  /** Sets up queue 0, with its parts at addresses of this process. */
  void startQueue(int size, long descriptors, long used, long available, int kick, int call)
      throws IOException {
    tell(SET_VRING_NUM, bytes(8).putInt(0).putInt(size));
    tell(SET_VRING_BASE, bytes(8).putInt(0).putInt(0));
    ByteBuffer addresses = bytes(40).putInt(0).putInt(0);
    addresses.putLong(descriptors).putLong(used).putLong(available).putLong(0);
    tell(SET_VRING_ADDR, addresses);
    tell(SET_VRING_KICK, bytes(8), kick);
    tell(SET_VRING_CALL, bytes(8), call);
    tell(SET_VRING_ENABLE, bytes(8).putInt(0).putInt(1));
  }

  private static ByteBuffer bytes(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer ask(int request, ByteBuffer payload) throws IOException {
    tell(request, payload);
    ByteBuffer header = receive(HEADER);
    if (header.getInt(0) != request)
      throw new IOException("a reply to %d instead of %d".formatted(header.getInt(0), request));
    return receive(header.getInt(8));
  }

  private void tell(int request, ByteBuffer payload, int... descriptors) throws IOException {
    ByteBuffer message = bytes(HEADER + payload.capacity());
    message.putInt(request).putInt(VERSION).putInt(payload.capacity()).put(payload.array());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, message.array());
      if (socket.send(out, descriptors) != out.byteSize())
        throw new IOException("the server does not read its messages");
    }
  }

  private ByteBuffer receive(int length) throws IOException {
    ByteBuffer bytes = bytes(length);
    long deadline = System.nanoTime() + PATIENCE;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(Math.max(1, length));
      for (int at = 0; at < length; ) {
        int n = socket.receive(in.asSlice(at, length - at));
        if (n == 0) throw new EOFException("the server closed the connection");
        if (n > 0) at += n;
        else if (System.nanoTime() > deadline) throw new IOException("the server does not reply");
        else LockSupport.parkNanos(PAUSE);
      }
      MemorySegment.copy(in, ValueLayout.JAVA_BYTE, 0, bytes.array(), 0, length);
      return bytes;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
