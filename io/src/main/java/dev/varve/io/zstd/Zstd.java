package dev.varve.io.zstd;

import java.util.zip.DataFormatException;

/**
 * Decodes frames of Zstandard into a range of fixed length. Not thread-safe: one object for each
 * thread, or one for each use.
 */
public final class Zstd {

  private static final int MAGIC = 0xFD2FB528;
  private static final int SKIPPED_MAGIC = 0x184D2A50;
  private static final int SKIPPED_MASK = 0xFFFFFFF0;

  private final Literals literals = new Literals();
  private final Sequences sequences = new Sequences();

  /**
   * Decodes frames until {@code target} is full.
   *
   * @param end of the data, or an upper bound of it: what follows the last frame is ignored
   * @return how many bytes were decoded: all of {@code target}, or fewer if the data ends before
   * @throws DataFormatException if the data is damaged, or a frame has more bytes than fit
   */
  public int decode(byte[] source, int start, int end, byte[] target) throws DataFormatException {
    var out = new Output(target);
    int at = start;
    try {
      while (!out.isFull() && at < end) at = frame(source, at, end, out);
    } catch (IndexOutOfBoundsException e) {
      // A rule that is not checked by itself: no access leaves the arrays.
      var damaged = new DataFormatException("it is damaged");
      damaged.initCause(e);
      throw damaged;
    }
    return out.length();
  }

  private int frame(byte[] source, int start, int end, Output out) throws DataFormatException {
    int magic = (int) Numbers.at(source, start, end, 4);
    if ((magic & SKIPPED_MASK) == SKIPPED_MAGIC) {
      long length = Numbers.at(source, start + 4, end, 4);
      if (length > end - start - 8) throw new DataFormatException("a skipped frame is cut");
      return start + 8 + (int) length;
    }
    if (magic != MAGIC) throw new DataFormatException("a frame has no signature");
    int flags = (int) Numbers.at(source, start + 4, end, 1);
    if ((flags & 8) != 0) throw new DataFormatException("a frame has an unknown flag");
    boolean isSingle = (flags & 32) != 0;
    int at = start + 5 + (isSingle ? 0 : 1);
    int idLength = (1 << (flags & 3)) >> 1;
    if (Numbers.at(source, at, end, idLength) != 0)
      throw new DataFormatException("a frame needs a dictionary");
    int sizeFlag = flags >>> 6;
    at += idLength + (sizeFlag == 0 ? isSingle ? 1 : 0 : 1 << sizeFlag);
    at = blocks(source, at, end, out);
    boolean hasChecksum = (flags & 4) != 0;
    return hasChecksum ? at + 4 : at;
  }

  private int blocks(byte[] source, int at, int end, Output out) throws DataFormatException {
    literals.reset();
    sequences.reset();
    int frame = out.length();
    boolean isLast = false;
    while (!isLast) {
      int head = (int) Numbers.at(source, at, end, 3);
      at += 3;
      isLast = (head & 1) != 0;
      int size = head >>> 3;
      int type = head >>> 1 & 3;
      int stored = type == 1 ? 1 : size;
      if (size > Numbers.LARGEST_BLOCK || stored > end - at)
        throw new DataFormatException("a block is too long");
      switch (type) {
        case 0 -> out.append(source, at, size);
        case 1 -> out.fill(source[at], size);
        case 2 -> {
          int afterLiterals = literals.read(source, at, at + size);
          sequences.execute(source, afterLiterals, at + size, literals, out, frame);
        }
        default -> throw new DataFormatException("a block has an unknown type");
      }
      at += stored;
    }
    return at;
  }
}
