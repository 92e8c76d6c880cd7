package dev.varve.io.zstd;

import java.util.zip.DataFormatException;

/**
 * A table of finite state entropy: each state has a symbol, and says how many bits lead to the next
 * state (RFC 8878 section 4.1). Immutable.
 */
final class FseTable {

  private static final int MOST_SYMBOLS = 256;

  private final int log;
  private final byte[] symbols;
  private final byte[] bits;
  private final short[] bases;

  private FseTable(int log, byte[] symbols, byte[] bits, short[] bases) {
    this.log = log;
    this.symbols = symbols;
    this.bits = bits;
    this.bases = bases;
  }

  /** A table of one symbol, which takes no bits. */
  static FseTable of(int symbol) {
    return new FseTable(0, new byte[] {(byte) symbol}, new byte[1], new short[1]);
  }

  /**
   * The table of a distribution.
   *
   * @param counts of each symbol; -1: less than one. They fill a table of {@code 1 << log} states
   */
  static FseTable of(int log, int... counts) throws DataFormatException {
    int size = 1 << log;
    var symbols = new byte[size];
    int high = size;
    for (int s = 0; s < counts.length; s++) if (counts[s] == -1) symbols[--high] = (byte) s;
    int step = (size >> 1) + (size >> 3) + 3;
    int at = 0;
    for (int s = 0; s < counts.length; s++) {
      for (int i = 0; i < counts[s]; i++) {
        symbols[at] = (byte) s;
        do at = at + step & size - 1;
        while (at >= high);
      }
    }
    if (at != 0) throw new DataFormatException("a distribution does not fill its table");
    return numbered(log, symbols, counts);
  }

  private static FseTable numbered(int log, byte[] symbols, int[] counts) {
    int size = 1 << log;
    var bits = new byte[size];
    var bases = new short[size];
    var next = new int[counts.length];
    for (int s = 0; s < counts.length; s++) next[s] = Math.abs(counts[s]);
    for (int i = 0; i < size; i++) {
      int number = next[Byte.toUnsignedInt(symbols[i])]++;
      bits[i] = (byte) (log - Numbers.highBit(number));
      bases[i] = (short) ((number << bits[i]) - size);
    }
    return new FseTable(log, symbols, bits, bases);
  }

  /** A table, and where its description ended. */
  record Described(FseTable table, int end) {}

  /** Reads the description of a table from the beginning of a range. */
  static Described read(byte[] bytes, int start, int end, int maxLog) throws DataFormatException {
    var in = new ForwardBits(bytes, start, end);
    int log = in.read(4) + 5;
    if (log > maxLog)
      throw new DataFormatException("a table has more than 2^" + maxLog + " states");
    var counts = new int[MOST_SYMBOLS];
    int symbol = 0;
    int left = 1 << log;
    while (left > 0) {
      if (symbol >= MOST_SYMBOLS) throw new DataFormatException("a table has too many symbols");
      int count = count(in, left);
      left -= Math.abs(count);
      counts[symbol++] = count;
      if (count != 0) continue;
      for (int zeroes = 3; zeroes == 3; symbol += zeroes) zeroes = in.read(2);
    }
    if (left < 0) throw new DataFormatException("a distribution overfills its table");
    return new Described(of(log, java.util.Arrays.copyOf(counts, symbol)), in.end());
  }

  /** Values that cannot occur any more make others a bit shorter. */
  private static int count(ForwardBits in, int left) throws DataFormatException {
    int bits = Numbers.highBit(left + 1) + 1;
    int low = in.read(bits - 1);
    int shorter = (1 << bits) - 1 - (left + 1);
    if (low < shorter) return low - 1;
    int value = low + (in.read(1) << bits - 1);
    return (value >= 1 << bits - 1 ? value - shorter : value) - 1;
  }

  int first(BackwardBits in) {
    return in.read(log);
  }

  int symbol(int state) {
    return Byte.toUnsignedInt(symbols[state]);
  }

  int next(int state, BackwardBits in) {
    return Short.toUnsignedInt(bases[state]) + in.read(bits[state]);
  }

  /** Bits that are read from the beginning, the lowest of each byte first. */
  private static final class ForwardBits {
    private final byte[] bytes;
    private final int start;
    private final int end;
    private int at;

    ForwardBits(byte[] bytes, int start, int end) {
      this.bytes = bytes;
      this.start = start;
      this.end = end;
    }

    int read(int count) throws DataFormatException {
      int value = 0;
      for (int i = 0; i < count; i++, at++) {
        int index = start + (at >> 3);
        if (index >= end) throw new DataFormatException("the description of a table is cut");
        value |= (bytes[index] >> (at & 7) & 1) << i;
      }
      return value;
    }

    int end() {
      return start + (at + 7 >> 3);
    }
  }
}
