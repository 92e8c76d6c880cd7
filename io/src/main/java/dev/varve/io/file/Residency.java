package dev.varve.io.file;

import dev.varve.io.posix.Posix;
import dev.varve.io.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Which parts of a mapping are known to be in memory, in pieces of 64 KiB.
 *
 * <p>{@link #contains} may be called by any thread at any time and answers known pieces without a
 * system call. {@link #refresh}, by one thread at a time, asks the kernel again about the pieces
 * that were asked for since the last refresh and forgets the others: its work follows the traffic,
 * not the size of the page cache.
 */
final class Residency {
  static final long PIECE = Math.max(64 << 10, Posix.PAGE_SIZE);

  private static final int PAGES_PER_PIECE = (int) (PIECE / Posix.PAGE_SIZE);
  private static final int PIECES_PER_PROBE = 16;
  private static final int WORDS_PER_CHUNK = 1024; // 4 GiB of the file
  private static final long CHUNK = WORDS_PER_CHUNK * Long.SIZE * PIECE;

  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  /** Where {@code mincore} puts its answer; one per thread, so that a miss allocates nothing. */
  private static final ThreadLocal<MemorySegment> PAGES =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate((long) Long.SIZE * PAGES_PER_PIECE));

  private final MemorySegment mapping;

  /**
   * Chunks appear when they are first needed. Each holds pairs of words of 64 pieces: at even
   * places the pieces that were resident when last looked at, at the odd place behind them those of
   * them that were asked for since the last refresh.
   */
  private final AtomicReferenceArray<long[]> chunks;

  /**
   * @param mapping a whole number of pieces
   */
  Residency(MemorySegment mapping) {
    assert mapping.byteSize() % PIECE == 0;
    this.mapping = mapping;
    this.chunks = new AtomicReferenceArray<>((int) Math.ceilDiv(mapping.byteSize(), CHUNK));
  }

  /** Rounds a number of bytes up to whole pieces, at least one. */
  static long wholePieces(long length) {
    return Math.max(1, Math.ceilDiv(length, PIECE)) * PIECE;
  }

  /** Whether the whole range is in memory, as far as is known; false beyond the mapping. */
  boolean contains(long offset, long length) {
    if (length > mapping.byteSize() || offset > mapping.byteSize() - length) return false;
    long end = offset + length;
    for (long piece = offset / PIECE; piece * PIECE < end; piece++) {
      if (known(piece)) continue;
      long probeEnd = Math.min(Math.ceilDiv(end, PIECE), piece + PIECES_PER_PROBE);
      if (!probe(piece, probeEnd, offset, end)) return false;
      piece = probeEnd - 1;
    }
    return true;
  }

  private boolean known(long piece) {
    long[] chunk = chunks.getAcquire((int) (piece / (WORDS_PER_CHUNK * Long.SIZE)));
    if (chunk == null) return false;
    int word = wordOf(piece);
    long bit = 1L << piece;
    if (((long) WORD.getOpaque(chunk, word) & bit) == 0) return false;
    if (((long) WORD.getOpaque(chunk, word + 1) & bit) == 0)
      WORD.getAndBitwiseOr(chunk, word + 1, bit);
    return true;
  }

  /**
   * Asks the kernel about some pieces, notes those that are resident whole, and judges the range by
   * its pages.
   */
  private boolean probe(long piece, long pieceEnd, long offset, long end) {
    MemorySegment pages = PAGES.get();
    if (!look(piece, pieceEnd, pages)) return false;
    boolean resident = true;
    for (long p = piece; p < pieceEnd; p++) {
      long first = (p - piece) * PAGES_PER_PIECE;
      if (allResident(pages, first, first + PAGES_PER_PIECE)) {
        note(p);
      } else {
        long from = Math.max(offset - p * PIECE, 0) / Posix.PAGE_SIZE;
        long to = Math.ceilDiv(Math.min(end - p * PIECE, PIECE), Posix.PAGE_SIZE);
        resident &= allResident(pages, first + from, first + to);
      }
    }
    return resident;
  }

  private boolean look(long piece, long pieceEnd, MemorySegment pages) {
    try {
      Posix.mincore(mapping.asSlice(piece * PIECE, (pieceEnd - piece) * PIECE), pages);
      return true;
    } catch (PosixException _) {
      return false; // not known to be resident is always a safe answer
    }
  }

  private static boolean allResident(MemorySegment pages, long from, long to) {
    for (long page = from; page < to; page++) {
      if ((pages.get(ValueLayout.JAVA_BYTE, page) & 1) == 0) return false;
    }
    return true;
  }

  private void note(long piece) {
    int index = (int) (piece / (WORDS_PER_CHUNK * Long.SIZE));
    long[] chunk = chunks.getAcquire(index);
    if (chunk == null) {
      long[] fresh = new long[2 * WORDS_PER_CHUNK];
      chunk = chunks.compareAndExchangeRelease(index, null, fresh);
      if (chunk == null) chunk = fresh;
    }
    int word = wordOf(piece);
    WORD.getAndBitwiseOr(chunk, word + 1, 1L << piece);
    WORD.getAndBitwiseOr(chunk, word, 1L << piece);
  }

  /**
   * Asks the kernel again about the pieces that were asked for since the last refresh. Forgets the
   * others, and those that are no longer in memory.
   */
  void refresh() {
    for (int i = 0; i < chunks.length(); i++) {
      long[] chunk = chunks.getAcquire(i);
      if (chunk == null) continue;
      for (int word = 0; word < chunk.length; word += 2) {
        if ((long) WORD.getOpaque(chunk, word) == 0) continue;
        long used = (long) WORD.getAndSet(chunk, word + 1, 0L);
        long firstPiece = i * (long) (WORDS_PER_CHUNK * Long.SIZE) + word / 2 * (long) Long.SIZE;
        WORD.getAndBitwiseAnd(chunk, word, used == 0 ? 0 : stillResident(firstPiece, used));
      }
    }
  }

  private long stillResident(long firstPiece, long used) {
    int from = Long.numberOfTrailingZeros(used);
    int to = Long.SIZE - Long.numberOfLeadingZeros(used);
    MemorySegment pages = PAGES.get();
    if (!look(firstPiece + from, firstPiece + to, pages)) return 0;
    long resident = 0;
    for (int n = from; n < to; n++) {
      long first = (long) (n - from) * PAGES_PER_PIECE;
      if ((used >>> n & 1) != 0 && allResident(pages, first, first + PAGES_PER_PIECE))
        resident |= 1L << n;
    }
    return resident;
  }

  /** Forgets everything at and after {@code length}, where the file has ended. */
  void cut(long length) {
    long first = length / PIECE;
    for (int i = (int) (first / (WORDS_PER_CHUNK * Long.SIZE)); i < chunks.length(); i++) {
      long[] chunk = chunks.getAcquire(i);
      if (chunk == null) continue;
      for (int word = 0; word < chunk.length; word += 2) {
        long firstPiece = i * (long) (WORDS_PER_CHUNK * Long.SIZE) + word / 2 * (long) Long.SIZE;
        long keep = Math.clamp(first - firstPiece, 0, Long.SIZE);
        WORD.getAndBitwiseAnd(chunk, word, keep == Long.SIZE ? -1L : (1L << keep) - 1);
      }
    }
  }

  private static int wordOf(long piece) {
    return 2 * (int) (piece / Long.SIZE % WORDS_PER_CHUNK);
  }
}
