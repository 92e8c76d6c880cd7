package dev.varve.io.zstd;

import java.util.Arrays;
import java.util.zip.DataFormatException;

/** The bytes that were decoded so far, with a fixed bound. Not thread-safe. */
final class Output {

  private final byte[] bytes;
  private int length;

  Output(byte[] bytes) {
    this.bytes = bytes;
  }

  int length() {
    return length;
  }

  boolean isFull() {
    return length == bytes.length;
  }

  void append(byte[] source, int start, int count) throws DataFormatException {
    require(count);
    System.arraycopy(source, start, bytes, length, count);
    length += count;
  }

  void fill(byte value, int count) throws DataFormatException {
    require(count);
    Arrays.fill(bytes, length, length + count, value);
    length += count;
  }

  /**
   * Repeats what was written {@code distance} bytes ago; the copy can overlap itself.
   *
   * @param from no byte before is repeated
   */
  void repeat(long distance, int count, int from) throws DataFormatException {
    if (distance <= 0 || distance > length - from)
      throw new DataFormatException("a match begins before the data");
    require(count);
    int source = length - (int) distance;
    if (distance >= count) {
      System.arraycopy(bytes, source, bytes, length, count);
    } else {
      for (int i = 0; i < count; i++) bytes[length + i] = bytes[source + i];
    }
    length += count;
  }

  private void require(int count) throws DataFormatException {
    if (count > bytes.length - length)
      throw new DataFormatException("it has more than " + bytes.length + " bytes");
  }
}
