package dev.varve.io.vhost;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The memory of this process by its addresses, for mappings of guests: a segment for each buffer of
 * a guest would be an object for each request. Nothing here checks an address; {@link GuestMemory}
 * has done it for every one that is used. Any thread.
 *
 * <p>An access to a page that has gone is an {@link InternalError}, and that only because all of
 * them are plain: where the JVM exchanges atomically, as its interpreter does for volatile, opaque
 * and release stores, such a page ends the process. So order is made by fences.
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
  private static final ValueLayout.OfShort ANYWHERE =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** What {@link #isThere} has read, so that no compiler leaves the access out. */
  @SuppressWarnings("unused")
  private static volatile byte seen;

  private HostMemory() {}

  static byte getByte(long address) {
    return ALL.get(ValueLayout.JAVA_BYTE, address);
  }

  static void putByte(long address, byte value) {
    ALL.set(ValueLayout.JAVA_BYTE, address, value);
  }

  /** 16 bits without a sign. */
  static int getShort(long address) {
    return ALL.get(ANYWHERE, address) & 0xffff; // an indirect table may be at an odd address
  }

  static void putShort(long address, int value) {
    ALL.set(ANYWHERE, address, (short) value);
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
    int index = ALL.get(SHORT, address) & 0xffff;
    VarHandle.acquireFence();
    return index;
  }

  /** Counts an index up after everything that it covers was written. */
  static void putIndex(long address, int value) {
    VarHandle.releaseFence();
    ALL.set(SHORT, address, (short) value);
  }

  /**
   * Throws the {@link InternalError} of an access that has failed before: compiled code may throw
   * it later, when a request was answered that should have failed, or where none is expected.
   */
  static void settle() {
    Thread.holdsLock(ALL); // a call out of Java, on whose way back it is thrown
  }

  /** Whether a byte can be read, or written: then it may be any other meanwhile. */
  static boolean isThere(long address, boolean written) {
    try {
      if (written) putByte(address, (byte) 0);
      else seen = getByte(address);
      settle();
      return true;
    } catch (InternalError e) {
      return false;
    }
  }

  /**
   * An index that another process has written, if it is below {@code size}; else -1.
   *
   * <p>A load from a page that has gone is passed over, and leaves in its register whatever was
   * there, until the error comes: more bits than the compiler believes, which leaves out masks and
   * checks that such bits would need. What the mask is here, it does not know.
   *
   * @param value as {@link #getShort} has it
   */
  static int index(int value, int size) {
    if (value >= size) return -1;
    int masked = value & -1 >>> Integer.numberOfLeadingZeros(size - 1 | 1);
    return masked < size ? masked : -1;
  }

  /** Memory of a guest as a segment, for requests that are handed over. */
  static MemorySegment segment(long address, long length) {
    return ALL.asSlice(address, length);
  }
}
