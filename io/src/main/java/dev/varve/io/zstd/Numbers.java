package dev.varve.io.zstd;

import java.util.zip.DataFormatException;

/** Numbers of the format, and how they are stored. Stateless; any thread. */
final class Numbers {

  /** The most bytes that a block decodes to. */
  static final int LARGEST_BLOCK = 128 << 10;

  private Numbers() {}

  /** A number of up to 5 bytes, the lowest first. */
  static long at(byte[] source, int start, int end, int length) throws DataFormatException {
    if (length > end - start) throw new DataFormatException("the data is cut");
    long number = 0;
    for (int i = length - 1; i >= 0; i--)
      number = number << 8 | Byte.toUnsignedLong(source[start + i]);
    return number;
  }

  /** The number of the highest bit that is set, from 0. */
  static int highBit(int value) {
    return 31 - Integer.numberOfLeadingZeros(value);
  }
}
