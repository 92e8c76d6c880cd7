package dev.varve.io.zstd;

import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The sequences of one block after the other: each copies some literals, then a match out of what
 * was written before (RFC 8878 section 3.1.1.3.2). Not thread-safe.
 */
final class Sequences {

  private static final int LITERALS = 0;
  private static final int OFFSETS = 1;
  private static final int MATCHES = 2;

  private static final int[] MAX_LOG = {9, 8, 9};
  private static final int[] MAX_CODE = {35, 31, 52};

  private static final int[] LITERALS_BASE = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64,
    128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536
  };
  private static final int[] LITERALS_BITS = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11,
    12, 13, 14, 15, 16
  };

  /** Codes below this one stand for themselves, and {@link #SHORTEST_MATCH}. */
  private static final int LONG_MATCHES = 32;

  private static final int SHORTEST_MATCH = 3;
  private static final int[] MATCH_BASE = {
    35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771,
    65539
  };
  private static final int[] MATCH_BITS = {
    1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
  };

  private static final FseTable[] PREDEFINED = predefined();

  private final @Nullable FseTable[] tables = new FseTable[3];
  private final int[] recent = new int[3];

  private static FseTable[] predefined() {
    try {
      return new FseTable[] {
        FseTable.of(
            6, 4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1,
            1, 1, 1, 1, -1, -1, -1, -1),
        FseTable.of(
            5, 1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1,
            -1, -1),
        FseTable.of(
            6, 1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1)
      };
    } catch (DataFormatException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Forgets the tables and offsets, when a frame begins. */
  void reset() {
    tables[LITERALS] = tables[OFFSETS] = tables[MATCHES] = null;
    recent[0] = 1;
    recent[1] = 4;
    recent[2] = 8;
  }

  /**
   * Carries out the sequences of a block.
   *
   * @param frame where the frame begins in the output: no match begins before
   */
  void execute(byte[] source, int start, int end, Literals literals, Output out, int frame)
      throws DataFormatException {
    if (start >= end) throw new DataFormatException("a block has no sequences section");
    int first = Byte.toUnsignedInt(source[start]);
    int head = first < 128 ? 1 : first < 255 ? 2 : 3;
    int count =
        switch (head) {
          case 1 -> first;
          case 2 -> (first - 128 << 8) + (int) Numbers.at(source, start + 1, end, 1);
          default -> 0x7F00 + (int) Numbers.at(source, start + 1, end, 2);
        };
    int at = start + head;
    if (count == 0) {
      out.append(literals.bytes, 0, literals.length);
      return;
    }
    int modes = (int) Numbers.at(source, at++, end, 1);
    if ((modes & 3) != 0) throw new DataFormatException("a block has unknown modes");
    for (int kind = LITERALS; kind <= MATCHES; kind++)
      at = readTable(source, at, end, kind, modes >> 6 - 2 * kind & 3);
    run(new BackwardBits(source, at, end), count, literals, out, frame);
  }

  private int readTable(byte[] source, int start, int end, int kind, int mode)
      throws DataFormatException {
    switch (mode) {
      case 0 -> tables[kind] = PREDEFINED[kind];
      case 1 -> {
        tables[kind] = FseTable.of((int) Numbers.at(source, start, end, 1));
        return start + 1;
      }
      case 2 -> {
        FseTable.Described described = FseTable.read(source, start, end, MAX_LOG[kind]);
        tables[kind] = described.table();
        return described.end();
      }
      default -> {} // the table of the block before
    }
    return start;
  }

  private FseTable table(int kind) throws DataFormatException {
    FseTable table = tables[kind];
    if (table == null) throw new DataFormatException("a block uses a table that no block has");
    return table;
  }

  private void run(BackwardBits in, int count, Literals literals, Output out, int frame)
      throws DataFormatException {
    FseTable lengths = table(LITERALS);
    FseTable offsets = table(OFFSETS);
    FseTable matches = table(MATCHES);
    int length = lengths.first(in);
    int offset = offsets.first(in);
    int match = matches.first(in);
    int used = 0;
    for (int i = 1; i <= count; i++) {
      int offsetCode = code(offsets, offset, OFFSETS);
      int matchCode = code(matches, match, MATCHES);
      int lengthCode = code(lengths, length, LITERALS);
      long distance = (1L << offsetCode) + Integer.toUnsignedLong(in.read(offsetCode));
      int copied = matchLength(matchCode, in);
      int plain = LITERALS_BASE[lengthCode] + in.read(LITERALS_BITS[lengthCode]);
      if (plain > literals.length - used)
        throw new DataFormatException("a sequence has more literals than its block");
      out.append(literals.bytes, used, plain);
      used += plain;
      out.repeat(distance(distance, plain == 0), copied, frame);
      if (i == count) break;
      length = lengths.next(length, in);
      match = matches.next(match, in);
      offset = offsets.next(offset, in);
    }
    if (in.left() != 0)
      throw new DataFormatException("the sequences of a block have a wrong length");
    out.append(literals.bytes, used, literals.length - used);
  }

  private static int code(FseTable table, int state, int kind) throws DataFormatException {
    int code = table.symbol(state);
    if (code > MAX_CODE[kind]) throw new DataFormatException("a sequence has an unknown code");
    return code;
  }

  private static int matchLength(int code, BackwardBits in) {
    if (code < LONG_MATCHES) return code + SHORTEST_MATCH;
    return MATCH_BASE[code - LONG_MATCHES] + in.read(MATCH_BITS[code - LONG_MATCHES]);
  }

  /** Values up to 3 stand for one of the last distances, or one less than the last. */
  private long distance(long value, boolean withoutLiterals) {
    if (value > 3) return push((int) Math.min(value - 3, Integer.MAX_VALUE), 2);
    int index = (int) value - 1 + (withoutLiterals ? 1 : 0);
    return switch (index) {
      case 0 -> recent[0];
      case 1 -> push(recent[1], 1);
      case 2 -> push(recent[2], 2);
      default -> push(recent[0] - 1, 2);
    };
  }

  /** Puts a distance in front; the one at {@code replaced} goes. */
  private int push(int distance, int replaced) {
    for (int i = replaced; i > 0; i--) recent[i] = recent[i - 1];
    return recent[0] = distance;
  }
}
