package dev.varve.io.vhost;

/**
 * Bytes of a fuzzer as one decision after another; all are 0 where the bytes end. Not thread-safe.
 */
final class Decisions {

  private final byte[] bytes;
  private int at;
  private int honesty = 24;

  Decisions(byte[] bytes) {
    this.bytes = bytes;
  }

  boolean isOver() {
    return at >= bytes.length;
  }

  int octet() {
    return isOver() ? 0 : bytes[at++] & 0xff;
  }

  int word() {
    return octet() | octet() << 8;
  }

  int integer() {
    return word() | word() << 16;
  }

  long longer() {
    return integer() & 0xffffffffL | (long) integer() << 32;
  }

  /** From 0 to {@code bound - 1}. */
  int below(int bound) {
    return (bound <= 256 ? octet() : word()) % bound;
  }

  /** Seldom true, and never at the end. */
  boolean oneIn(int times) {
    return octet() % times == times - 1;
  }

  /** From now on one value of so many is {@link #bent}; 0: none is. */
  void honesty(int times) {
    honesty = times;
  }

  /** A value as it should be, or seldom something else. */
  long bent(long right) {
    if (honesty == 0 || word() % honesty != 0 || isOver()) return right;
    return switch (below(8)) {
      case 0 -> 0;
      case 1 -> -1;
      case 2 -> right + 1;
      case 3 -> right - 1;
      case 4 -> Long.MIN_VALUE;
      case 5 -> right ^ 1L << below(64);
      case 6 -> word();
      default -> longer();
    };
  }
}
