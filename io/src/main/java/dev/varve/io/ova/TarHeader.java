package dev.varve.io.ova;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The 512 bytes before a member of a tar archive. Numbers are octal text, or binary where the first
 * bit is set. Immutable.
 *
 * <pre>
 *   0 100  name                257   6  "ustar" and 00, or "ustar  " of GNU
 * 100   8  mode                263   2  "00"
 * 108   8  owner               265  32  owner's name
 * 116   8  group               297  32  group's name
 * 124  12  length              329   8  device, major
 * 136  12  time                337   8  device, minor
 * 148   8  checksum            345 155  what goes before the name (not of GNU)
 * 156   1  type
 * 157 100  target of a link
 * </pre>
 */
record TarHeader(byte[] bytes) {

  static final int SIZE = 512;

  private static final int NAME = 0;
  private static final int NAME_SIZE = 100;
  private static final int MODE = 100;
  private static final int OWNER = 108;
  private static final int GROUP = 116;
  private static final int LENGTH = 124;
  private static final int LENGTH_SIZE = 12;
  private static final int TIME = 136;
  private static final int CHECKSUM = 148;
  private static final int CHECKSUM_SIZE = 8;
  private static final int TYPE = 156;
  private static final int MAGIC = 257;
  private static final int PREFIX = 345;
  private static final int PREFIX_SIZE = 155;
  private static final byte[] USTAR = "ustar\0".getBytes(StandardCharsets.US_ASCII);
  private static final long MOST_IN_OCTAL = (1L << 33) - 1;

  boolean isEmpty() {
    for (byte b : bytes) if (b != 0) return false;
    return true;
  }

  /** Whether the sum of its bytes is what it says; the sum counts its own field as blanks. */
  boolean isWhole() {
    return number(CHECKSUM, CHECKSUM_SIZE) == sum(bytes);
  }

  private static long sum(byte[] header) {
    long sum = 0;
    for (int i = 0; i < SIZE; i++) {
      boolean own = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_SIZE;
      sum += own ? ' ' : Byte.toUnsignedInt(header[i]);
    }
    return sum;
  }

  String name() {
    String name = text(NAME, NAME_SIZE);
    boolean prefixed = Arrays.equals(bytes, MAGIC, MAGIC + USTAR.length, USTAR, 0, USTAR.length);
    String prefix = prefixed ? text(PREFIX, PREFIX_SIZE) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  private String text(int at, int size) {
    int end = at;
    while (end < at + size && bytes[end] != 0) end++;
    return new String(bytes, at, end - at, StandardCharsets.UTF_8);
  }

  /** In bytes; -1 if it is no number, or too large for one. */
  long length() {
    return number(LENGTH, LENGTH_SIZE);
  }

  char type() {
    return bytes[TYPE] == 0 ? '0' : (char) Byte.toUnsignedInt(bytes[TYPE]);
  }

  private long number(int at, int size) {
    if (bytes[at] < 0) return binary(at, size);
    String text = text(at, size).strip();
    if (text.isEmpty()) return 0;
    long number = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 7) return -1;
      number = number << 3 | digit;
    }
    return number; // twelve digits at most: cannot overflow
  }

  private long binary(int at, int size) {
    if (bytes[at] != (byte) 0x80) return -1; // negative, or more than 2^88
    long number = 0;
    for (int i = at + 1; i < at + size; i++) {
      if (number >>> 55 != 0) return -1;
      number = number << 8 | Byte.toUnsignedInt(bytes[i]);
    }
    return number;
  }

  /**
   * The header of a plain file that anyone may read.
   *
   * @param name at most 100 bytes
   */
  static TarHeader of(String name, long length) {
    byte[] header = new byte[SIZE];
    byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
    if (encoded.length > NAME_SIZE)
      throw new IllegalArgumentException(
          "the name '%s' has %d bytes, and %d are room for it"
              .formatted(name, encoded.length, NAME_SIZE));
    System.arraycopy(encoded, 0, header, NAME, encoded.length);
    putOctal(header, MODE, 8, 0644);
    putOctal(header, OWNER, 8, 0);
    putOctal(header, GROUP, 8, 0);
    putLength(header, length);
    putOctal(header, TIME, 12, 0);
    header[TYPE] = '0';
    System.arraycopy(USTAR, 0, header, MAGIC, USTAR.length);
    header[MAGIC + 6] = '0';
    header[MAGIC + 7] = '0';
    putOctal(header, CHECKSUM, 7, sum(header));
    header[CHECKSUM + 7] = ' ';
    return new TarHeader(header);
  }

  private static void putLength(byte[] header, long length) {
    if (length <= MOST_IN_OCTAL) {
      putOctal(header, LENGTH, LENGTH_SIZE, length);
      return;
    }
    long left = length;
    for (int i = LENGTH + LENGTH_SIZE - 1; i > LENGTH; i--, left >>>= 8) header[i] = (byte) left;
    header[LENGTH] = (byte) 0x80;
  }

  /** Digits that fill all of a field but its last byte, which is 0. */
  private static void putOctal(byte[] header, int at, int size, long number) {
    long left = number;
    for (int i = at + size - 2; i >= at; i--, left >>>= 3) header[i] = (byte) ('0' + (left & 7));
  }
}
