package dev.varve.io.chain;

import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Copies what the top of a running chain holds to the image below it, while the guest goes on
 * writing to the top.
 *
 * <p>What is to be copied is marked; a mark is taken off before its piece is read, and the guest's
 * changes are marked after they were made: so whatever was read too early is marked again. Nothing
 * that is written to the lower image can be seen, since the top decides all of it: the top's marks
 * are durable before each pass, and what came since the guest has not flushed, and is the same in
 * both. One thread uses it; blocks.
 */
final class TopCopy {

  /** So many pieces are copied in a moment. */
  private static final int FEW = 64;

  /** Passes before the guest is made slower. */
  private static final int FAST_PASSES = 4;

  private static final int BUFFER = 1 << 20;
  private static final int MAX_DELAY_SHIFT = 8;

  private final DifferencingChain chain;
  private final TopImage top;
  private final MergeTarget target;
  private final ChangedRanges left;
  private final long capacity;
  private final int blockSize;
  private boolean written;

  TopCopy(DifferencingChain chain, MergeTarget target) {
    this.chain = chain;
    this.top = chain.top();
    this.target = target;
    this.capacity = chain.capacity();
    this.blockSize = chain.blockSize();
    this.left = new ChangedRanges(capacity);
  }

  /** What hears of the guest's changes. */
  ChangedRanges watcher() {
    return left;
  }

  /**
   * Copies until little is left. Called once, after the top was told to tell {@link #watcher} of
   * changes.
   *
   * @param progress may end it until something was written
   * @return false if it was cancelled
   */
  boolean copyMost(Progress progress) throws IOException {
    for (long offset = 0; offset < capacity; offset += blockSize) {
      if (top.decides((int) (offset / blockSize))) {
        left.mark(offset, Math.min(blockSize, capacity - offset));
      }
    }
    return catchUp(progress);
  }

  /** Copies until little is left, making the guest slower if it changes things too fast. */
  boolean catchUp(Progress progress) throws IOException {
    try {
      long total = Math.max(1, left.count());
      for (int pass = 0; pass == 0 || left.count() > FEW; pass++) {
        if (pass >= FAST_PASSES)
          chain.throttle().slowDown(Math.min(pass - FAST_PASSES, MAX_DELAY_SHIFT));
        chain.commit();
        if (!copyMarked(progress, total)) return false;
        target.commit();
      }
      return true;
    } finally {
      chain.throttle().stop();
    }
  }

  /** Whether the target may show something else than before. */
  boolean hasChangedTarget() {
    return written;
  }

  /** Copies everything that is left; while the chain is held, so that nothing comes after it. */
  void copyRest() throws IOException {
    copyMarked(Progress.NONE, 1);
  }

  private boolean copyMarked(Progress progress, long total) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER, 4096);
      for (long piece = left.takeNext(0); piece >= 0; piece = left.takeNext(piece + 1)) {
        if (!progress.at(Math.clamp(total - left.count(), 0, total), total) && !written) {
          return false;
        }
        long start = piece << ChangedRanges.PIECE_SHIFT;
        try {
          copy(start, Math.min(start + ChangedRanges.PIECE, capacity), buffer);
        } catch (IOException e) {
          left.mark(start, 1);
          throw e;
        }
      }
    }
    return true;
  }

  private void copy(long start, long end, MemorySegment buffer) throws IOException {
    for (long offset = start, next; offset < end; offset = next) {
      int block = (int) (offset / blockSize);
      next = Math.min(end, (block + 1L) * blockSize);
      if (!top.decides(block)) continue; // given up before it was ever here: as it is below
      MemorySegment data = buffer.asSlice(0, next - offset);
      chain.readNow(offset, data);
      written = true;
      BlockMerge.put(target, offset, data);
    }
  }
}
