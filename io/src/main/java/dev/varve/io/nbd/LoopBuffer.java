package dev.varve.io.nbd;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Native memory that is a segment to devices and a buffer to Netty. Belongs to one event loop,
 * which alone takes it, retains it and releases it; with the last release it goes back to its pool.
 */
final class LoopBuffer extends UnpooledDirectByteBuf {

  private final MemorySegment memory;
  private BufferPool pool;

  private LoopBuffer(MemorySegment memory, BufferPool pool) {
    super(ByteBufAllocator.DEFAULT, memory.asByteBuffer(), (int) memory.byteSize());
    this.memory = memory;
    this.pool = pool;
    clear(); // it was born full
  }

  /**
   * The collector frees it: a device may still be writing to it when everything else has forgotten
   * it.
   */
  static LoopBuffer allocate(int size, BufferPool pool) {
    return new LoopBuffer(Arena.ofAuto().allocate(size), pool);
  }

  /** The same buffer, from now on of another pool and its loop. It must be free. */
  LoopBuffer in(BufferPool pool) {
    this.pool = pool;
    return this;
  }

  MemorySegment memory() {
    return memory;
  }

  @Override
  protected void deallocate() {
    resetRefCnt();
    clear();
    pool.putBack(this);
  }
}
