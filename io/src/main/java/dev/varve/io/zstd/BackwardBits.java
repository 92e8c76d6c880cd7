package dev.varve.io.zstd;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.zip.DataFormatException;

/**
 * A stream of bits that is read from its end. The highest bit that is set in the last byte marks
 * the end (RFC 8878 section 4.1). Before the beginning of the stream there are zeroes. Not
 * thread-safe.
 */
final class BackwardBits {

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] bytes;
  private final int start;

  /** How many bits are left; negative once more were read than there are. */
  private long left;

  BackwardBits(byte[] bytes, int start, int end) throws DataFormatException {
    if (end <= start || bytes[end - 1] == 0)
      throw new DataFormatException("a bit stream has no end mark");
    this.bytes = bytes;
    this.start = start;
    int last = Byte.toUnsignedInt(bytes[end - 1]);
    this.left = 8L * (end - 1 - start) + Numbers.highBit(last);
  }

  /** The next bits, at most 32 of them. */
  int read(int count) {
    int value = peek(count);
    left -= count;
    return value;
  }

  /** The same without taking them. */
  int peek(int count) {
    if (count == 0) return 0;
    long at = left - count;
    if (at >= 0) return (int) (word(at) & (1L << count) - 1);
    if (left <= 0) return 0;
    return (int) ((word(0) & (1L << left) - 1) << -at);
  }

  void skip(int count) {
    left -= count;
  }

  long left() {
    return left;
  }

  /** At least 56 bits from this one on. */
  private long word(long bit) {
    int index = start + (int) (bit >>> 3);
    if (index + Long.BYTES <= bytes.length) return (long) LONG.get(bytes, index) >>> (bit & 7);
    long word = 0;
    for (int i = bytes.length - 1; i >= index; i--)
      word = word << 8 | Byte.toUnsignedLong(bytes[i]);
    return word >>> (bit & 7);
  }
}
