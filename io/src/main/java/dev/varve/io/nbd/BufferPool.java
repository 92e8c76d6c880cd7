package dev.varve.io.nbd;

import java.util.ArrayDeque;

/**
 * Buffers of one size for one event loop; the one used last, still in the processor's cache, is
 * taken first.
 */
final class BufferPool {

  private final int size;
  private final int kept;
  private final ArrayDeque<LoopBuffer> free = new ArrayDeque<>();

  /** Keeps at most {@code kept} unused buffers of {@code size} bytes. */
  BufferPool(int size, int kept) {
    this.size = size;
    this.kept = kept;
  }

  int size() {
    return size;
  }

  /** An empty buffer with one reference, the caller's. */
  LoopBuffer take() {
    LoopBuffer buffer = free.pollLast();
    return buffer != null ? buffer : LoopBuffer.allocate(size, this);
  }

  void giveBack(LoopBuffer buffer) {
    if (free.size() < kept) free.addLast(buffer);
  }
}
