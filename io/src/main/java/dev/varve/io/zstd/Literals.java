package dev.varve.io.zstd;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import org.jspecify.annotations.Nullable;

/**
 * The literals of one block after the other: the bytes that are copied as they are (RFC 8878
 * section 3.1.1.3.1). Not thread-safe.
 */
final class Literals {

  private static final int RAW = 0;
  private static final int RLE = 1;
  private static final int COMPRESSED = 2;

  /** The literals of the present block, {@link #length} of them. */
  final byte[] bytes = new byte[Numbers.LARGEST_BLOCK];

  int length;

  /** Of the block before, which the next one may use again. */
  private @Nullable HuffmanTable table;

  /** Forgets the table, when a frame begins. */
  void reset() {
    table = null;
  }

  /** Reads the literals of a block; returns where they end. */
  int read(byte[] source, int start, int end) throws DataFormatException {
    if (start >= end) throw new DataFormatException("a block has no literals section");
    int type = source[start] & 3;
    int format = source[start] >> 2 & 3;
    return type < COMPRESSED
        ? plain(source, start, end, type, format)
        : compressed(source, start, end, type, format);
  }

  private int plain(byte[] source, int start, int end, int type, int format)
      throws DataFormatException {
    int head = format == 1 ? 2 : format == 3 ? 3 : 1;
    long number = Numbers.at(source, start, end, head);
    length = (int) (number >>> (head == 1 ? 3 : 4));
    int stored = type == RLE ? 1 : length;
    int from = start + head;
    if (length > bytes.length || stored > end - from)
      throw new DataFormatException("a block has too many literals");
    if (type == RAW) System.arraycopy(source, from, bytes, 0, length);
    else Arrays.fill(bytes, 0, length, source[from]);
    return from + stored;
  }

  private int compressed(byte[] source, int start, int end, int type, int format)
      throws DataFormatException {
    int head = format < 2 ? 3 : format + 2;
    int sizeBits = format < 2 ? 10 : format == 2 ? 14 : 18;
    long number = Numbers.at(source, start, end, head);
    length = (int) (number >>> 4 & (1 << sizeBits) - 1);
    int stored = (int) (number >>> 4 + sizeBits & (1 << sizeBits) - 1);
    int from = start + head;
    int to = from + stored;
    if (length > bytes.length || to > end)
      throw new DataFormatException("a block has too many literals");
    if (type == COMPRESSED) {
      HuffmanTable.Described described = HuffmanTable.read(source, from, to);
      table = described.table();
      from = described.end();
    }
    HuffmanTable code = table;
    if (code == null) throw new DataFormatException("a block has no Huffman table");
    if (format == 0) code.decode(source, from, to, bytes, 0, length);
    else fourStreams(code, source, from, to);
    return to;
  }

  private void fourStreams(HuffmanTable code, byte[] source, int start, int end)
      throws DataFormatException {
    int from = start + 6;
    int part = (length + 3) / 4;
    if (from > end || 3 * part > length)
      throw new DataFormatException("four streams of literals are too short");
    for (int i = 0; i < 4; i++) {
      int to = i == 3 ? end : from + (int) Numbers.at(source, start + 2 * i, end, 2);
      if (to > end) throw new DataFormatException("a stream of literals is cut");
      code.decode(source, from, to, bytes, i * part, i == 3 ? length : (i + 1) * part);
      from = to;
    }
  }
}
