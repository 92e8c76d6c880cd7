package dev.varve.io.nbd;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Buffers of one size for one event loop; the one used last, still in the processor's cache, is
 * taken first. What a loop has too many of goes to the others: thrown away, it would take memory
 * until the collector comes.
 */
final class BufferPool {

  private final int size;
  private final int kept;
  private final Queue<LoopBuffer> spare;
  private final ArrayDeque<LoopBuffer> free = new ArrayDeque<>();

  /**
   * Keeps at most {@code kept} unused buffers of {@code size} bytes.
   *
   * @param spare takes more, as long as it has room, and gives them to whichever pool has none;
   *     bounded and thread safe
   */
  BufferPool(int size, int kept, Queue<LoopBuffer> spare) {
    this.size = size;
    this.kept = kept;
    this.spare = spare;
  }

  int size() {
    return size;
  }

  /** An empty buffer with one reference, the caller's. */
  LoopBuffer take() {
    LoopBuffer buffer = free.pollLast();
    if (buffer != null) return buffer;
    LoopBuffer others = spare.poll();
    return others != null ? others.in(this) : LoopBuffer.allocate(size, this);
  }

  void giveBack(LoopBuffer buffer) {
    if (free.size() < kept) free.addLast(buffer);
    else spare.offer(buffer);
  }
}
