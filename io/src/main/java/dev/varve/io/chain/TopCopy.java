package dev.varve.io.chain;

import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Copies the contents of the top of a running chain to the image below it, while the guest goes on
 * writing to the top.
 *
 * <p>Pieces to copy are marked. The mark of a piece is cleared before the piece is read, and a
 * change by the guest is marked after it was made; a piece that was read too early is therefore
 * marked again. The writes to the lower image stay hidden, since the top image decides every piece
 * that is copied. The top's blocks are made durable before each pass, so that a crash does not
 * uncover the lower image. A later write that a crash removes from the top was not flushed by the
 * guest, and the lower image then holds the same data or the older. One thread uses it; blocks.
 */
final class TopCopy {

  /** How many pieces are few enough to copy while the disk is held. */
  private static final int FEW = 64;

  /** The number of passes before the guest's writes are slowed down. */
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

  /** Marks the guest's changes. */
  ChangedRanges watcher() {
    return left;
  }

  /**
   * Copies until little is left. Called once, after {@link #watcher} was set as the top's watcher.
   *
   * @param progress may cancel until something was written
   * @return false if it was cancelled
   */
  boolean copyMost(Progress progress) throws IOException {
    for (long offset = 0; offset < capacity; offset += blockSize) {
      if (top.holdsSome((int) (offset / blockSize))) {
        left.mark(offset, Math.min(blockSize, capacity - offset));
      }
    }
    return catchUp(progress);
  }

  /**
   * Copies until little is left. Slows the guest's writes down if they come faster than the copy.
   */
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

  /** Whether the target's own contents have changed. */
  boolean hasChangedTarget() {
    return written;
  }

  /** Copies everything that is left. Called while the chain is held, so that no change follows. */
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
      if (!top.holdsSome(block)) continue; // given up while partial: unchanged below
      MemorySegment data = buffer.asSlice(0, next - offset);
      chain.readNow(offset, data);
      written = true;
      BlockMerge.put(target, offset, data);
    }
  }
}
