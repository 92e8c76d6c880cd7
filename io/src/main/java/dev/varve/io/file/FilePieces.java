package dev.varve.io.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Numbers in tables of a file that does not change: they are read in small pieces as they are
 * needed, and a few pieces are kept in memory. Behind the end of the file there are zeroes.
 *
 * <p>Thread-safe. May wait for the medium.
 */
public final class FilePieces {

  private static final int PIECE = 4096;
  private static final int KEPT = 8;

  private final ImageFile file;
  private final long start;
  private final long length;
  private final ValueLayout.OfLong longs;
  private final ValueLayout.OfInt ints;
  private final MemorySegment memory = Arena.ofAuto().allocate(KEPT * PIECE, 8);

  /** Which piece is in each place of {@link #memory}; -1: none. */
  private final long[] kept = new long[KEPT];

  /**
   * @param start where offset 0 is in the file
   * @param length of the part that is read; the file has as much
   */
  public FilePieces(ImageFile file, long start, long length, ByteOrder order) {
    this.file = file;
    this.start = start;
    this.length = length;
    this.longs = ValueLayout.JAVA_LONG.withOrder(order);
    this.ints = ValueLayout.JAVA_INT.withOrder(order);
    Arrays.fill(kept, -1);
  }

  /** The number of 64 bits at {@code offset}, a multiple of 8. */
  public synchronized long longAt(long offset) throws IOException {
    return piece(offset).get(longs, offset % PIECE);
  }

  /** The number of 32 bits at {@code offset}, a multiple of 4. */
  public synchronized int intAt(long offset) throws IOException {
    return piece(offset).get(ints, offset % PIECE);
  }

  private MemorySegment piece(long offset) throws IOException {
    long piece = offset / PIECE;
    int place = (int) piece & KEPT - 1;
    MemorySegment bytes = memory.asSlice((long) place * PIECE, PIECE);
    if (kept[place] == piece) return bytes;
    kept[place] = -1;
    long inFile = Math.clamp(length - piece * PIECE, 0L, (long) PIECE);
    if (inFile > 0) file.read(start + piece * PIECE, bytes.asSlice(0, inFile));
    bytes.asSlice(inFile).fill((byte) 0);
    kept[place] = piece;
    return bytes;
  }
}
