package dev.varve.io.zstd;

import java.util.zip.DataFormatException;

/**
 * A Huffman code for literals: the next bits of a stream tell the symbol and its length (RFC 8878
 * section 4.2). Immutable.
 */
final class HuffmanTable {

  private static final int MOST_BITS = 11;
  private static final int MOST_SYMBOLS = 256;
  private static final int DIRECT = 128;
  private static final int MAX_WEIGHTS_LOG = 6;

  private final int maxBits;
  private final byte[] symbols;
  private final byte[] bits;

  private HuffmanTable(int maxBits, byte[] symbols, byte[] bits) {
    this.maxBits = maxBits;
    this.symbols = symbols;
    this.bits = bits;
  }

  /** A table, and where its description ended. */
  record Described(HuffmanTable table, int end) {}

  /** Reads the description of a table from the beginning of a range. */
  static Described read(byte[] bytes, int start, int end) throws DataFormatException {
    if (start >= end) throw new DataFormatException("a Huffman table is missing");
    int head = Byte.toUnsignedInt(bytes[start++]);
    var weights = new int[MOST_SYMBOLS];
    int length = head >= DIRECT ? (head - DIRECT + 2) / 2 : head;
    if (length > end - start) throw new DataFormatException("a Huffman table is cut");
    int count;
    if (head >= DIRECT) {
      count = head - DIRECT + 1;
      for (int i = 0; i < count; i++)
        weights[i] = bytes[start + i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
    } else {
      count = compressedWeights(bytes, start, start + length, weights);
    }
    return new Described(of(weights, count), start + length);
  }

  private static int compressedWeights(byte[] bytes, int start, int end, int[] weights)
      throws DataFormatException {
    FseTable.Described described = FseTable.read(bytes, start, end, MAX_WEIGHTS_LOG);
    FseTable table = described.table();
    var in = new BackwardBits(bytes, described.end(), end);
    int one = table.first(in);
    int other = table.first(in);
    int count = 0;
    while (true) { // two states take turns, until one finds no bits
      if (count >= MOST_SYMBOLS - 2) throw new DataFormatException("a Huffman table is too long");
      weights[count++] = table.symbol(one);
      one = table.next(one, in);
      if (in.left() < 0) {
        weights[count++] = table.symbol(other);
        return count;
      }
      int turn = one;
      one = other;
      other = turn;
    }
  }

  /** The last weight is not stored: it makes the code complete. */
  private static HuffmanTable of(int[] weights, int count) throws DataFormatException {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      if (weights[i] > MOST_BITS) throw new DataFormatException("a Huffman code is too long");
      if (weights[i] > 0) sum += 1 << weights[i] - 1;
    }
    if (sum == 0) throw new DataFormatException("a Huffman table has no symbols");
    int maxBits = Numbers.highBit(sum) + 1;
    int rest = (1 << maxBits) - sum;
    if (maxBits > MOST_BITS || Integer.bitCount(rest) != 1)
      throw new DataFormatException("a Huffman code is not complete");
    weights[count] = Numbers.highBit(rest) + 1;
    var symbols = new byte[1 << maxBits];
    var bits = new byte[1 << maxBits];
    int at = 0;
    for (int weight = 1; weight <= maxBits; weight++) {
      for (int symbol = 0; symbol <= count; symbol++) {
        if (weights[symbol] != weight) continue;
        for (int end = at + (1 << weight - 1); at < end; at++) {
          symbols[at] = (byte) symbol;
          bits[at] = (byte) (maxBits + 1 - weight);
        }
      }
    }
    return new HuffmanTable(maxBits, symbols, bits);
  }

  /** Decodes a stream, all of whose bits are used, into a range. */
  void decode(byte[] bytes, int start, int end, byte[] target, int from, int to)
      throws DataFormatException {
    var in = new BackwardBits(bytes, start, end);
    for (int i = from; i < to; i++) {
      int code = in.peek(maxBits);
      target[i] = symbols[code];
      in.skip(bits[code]);
    }
    if (in.left() != 0) throw new DataFormatException("a stream of literals has a wrong length");
  }
}
