package dev.varve.io.nbd;

import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Buffers of one size for one event loop, on which alone it is used. The buffer used last, still in
 * the processor's cache, is taken first. What a loop has too many of goes to the others: thrown
 * away, it would take memory until the collector comes.
 */
final class BufferPool {

  /** What may be lent before the count that all loops share is touched, in bytes. */
  private static final int UNTOLD = 512 << 10;

  private final int size;
  private final int kept;
  private final SharedBuffers shared;
  private final EventExecutor loop;
  private final Queue<LoopBuffer> spare;
  private final ArrayDeque<LoopBuffer> free = new ArrayDeque<>();
  private long lent;
  private long told;

  /**
   * Keeps at most {@code kept} unused buffers of {@code size} bytes.
   *
   * @param spare takes more while it has room, for pools that have none; bounded and thread-safe
   */
  BufferPool(
      int size, int kept, SharedBuffers shared, EventExecutor loop, Queue<LoopBuffer> spare) {
    this.size = size;
    this.kept = kept;
    this.shared = shared;
    this.loop = loop;
    this.spare = spare;
  }

  int size() {
    return size;
  }

  /**
   * An empty buffer with one reference, the caller's.
   *
   * @throws OutOfMemoryError see {@link SharedBuffers#allocate}
   */
  LoopBuffer take() {
    assert loop.inEventLoop();
    LoopBuffer buffer = free.pollLast();
    if (buffer == null) buffer = takeElsewhere();
    count(size);
    return buffer;
  }

  private LoopBuffer takeElsewhere() {
    LoopBuffer others = spare.poll();
    return others != null ? others.in(this) : shared.allocate(this);
  }

  /** Takes back a buffer that has been released. */
  void putBack(LoopBuffer buffer) {
    assert loop.inEventLoop();
    if (free.size() < kept) free.addLast(buffer);
    else spare.offer(buffer);
    count(-size);
  }

  private void count(int bytes) {
    lent += bytes;
    if (Math.abs(lent - told) < UNTOLD) return;
    shared.lent(lent - told);
    told = lent;
  }
}
