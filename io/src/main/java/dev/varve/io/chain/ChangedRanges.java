package dev.varve.io.chain;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The parts of a disk that have changed and must be copied again, in pieces of 64 KiB. Any thread
 * may mark; one thread takes the marks. Costs memory only where marks are.
 */
final class ChangedRanges {

  static final int PIECE_SHIFT = 16;
  static final int PIECE = 1 << PIECE_SHIFT;

  private static final int WORDS_PER_CHUNK = 1024; // 4 GiB of the disk
  private static final int CHUNK_SHIFT = PIECE_SHIFT + 6 + 10;
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  private final AtomicReferenceArray<long[]> chunks;
  private final AtomicLong count = new AtomicLong();

  ChangedRanges(long capacity) {
    chunks = new AtomicReferenceArray<>((int) (capacity - 1 >>> CHUNK_SHIFT) + 1);
  }

  /** Marks every piece of which a part is in the range. */
  void mark(long offset, long length) {
    if (length == 0) return;
    long last = offset + length - 1 >>> PIECE_SHIFT;
    for (long piece = offset >>> PIECE_SHIFT; piece <= last; piece++) {
      long bit = 1L << piece;
      long before = (long) WORDS.getAndBitwiseOr(chunk(piece), word(piece), bit);
      if ((before & bit) == 0) count.incrementAndGet();
    }
  }

  /** How many pieces are marked. */
  long count() {
    return count.get();
  }

  /**
   * Clears the mark of the first marked piece from {@code piece} on. A change from now on marks the
   * piece again.
   *
   * @return its number, or -1 if there is none
   */
  long takeNext(long piece) {
    long end = (long) chunks.length() << CHUNK_SHIFT - PIECE_SHIFT;
    while (piece < end) {
      long[] chunk = chunks.getAcquire(chunkIndex(piece));
      if (chunk == null) {
        piece = (long) (chunkIndex(piece) + 1) << CHUNK_SHIFT - PIECE_SHIFT;
        continue;
      }
      long marked = (long) WORDS.getAcquire(chunk, word(piece)) >>> piece;
      if (marked == 0) {
        piece = (piece / Long.SIZE + 1) * Long.SIZE;
        continue;
      }
      piece += Long.numberOfTrailingZeros(marked);
      WORDS.getAndBitwiseAnd(chunk, word(piece), ~(1L << piece));
      count.decrementAndGet();
      return piece;
    }
    return -1;
  }

  private static int chunkIndex(long piece) {
    return (int) (piece >>> CHUNK_SHIFT - PIECE_SHIFT);
  }

  private static int word(long piece) {
    return (int) (piece / Long.SIZE) & WORDS_PER_CHUNK - 1;
  }

  private long[] chunk(long piece) {
    int index = chunkIndex(piece);
    long[] chunk = chunks.getAcquire(index);
    if (chunk != null) return chunk;
    long[] fresh = new long[WORDS_PER_CHUNK];
    chunk = chunks.compareAndExchangeRelease(index, null, fresh);
    return chunk == null ? fresh : chunk;
  }
}
