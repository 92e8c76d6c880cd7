package dev.varve.io.vhost;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The memory of this process by its addresses, for mappings of guests: a segment for each buffer of
 * a guest would be an object for each request. Nothing here checks an address; {@link GuestMemory}
 * has done it for every one that is used. Any thread.
 */
final class HostMemory {

  /** Offsets in it are addresses. */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INDEX = SHORT.varHandle();

  private HostMemory() {}

  static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  static void putByte(long address, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, value);
  }

  /** 16 bits without a sign. */
  static int getShort(long address) {
    return ALL.get(SHORT, address) & 0xffff;
  }

  static void putShort(long address, int value) {
    ALL.set(SHORT, address, (short) value);
  }

  static int getInt(long address) {
    return ALL.get(INT, address);
  }

  static void putInt(long address, int value) {
    ALL.set(INT, address, value);
  }

  static long getLong(long address) {
    return ALL.get(LONG, address);
  }

  static void putLong(long address, long value) {
    ALL.set(LONG, address, value);
  }

  /** An index that another processor counts up after it has written what the index covers. */
  static int getIndex(long address) {
    return (short) INDEX.getAcquire(ALL, address) & 0xffff;
  }

  /** Counts an index up after everything that it covers was written. */
  static void putIndex(long address, int value) {
    INDEX.setRelease(ALL, address, (short) value);
  }

  /** Memory of a guest as a segment, for requests that are handed over. */
  static MemorySegment segment(long address, long length) {
    return ALL.asSlice(address, length);
  }
}
