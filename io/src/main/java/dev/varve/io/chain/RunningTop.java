package dev.varve.io.chain;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The top of a running chain as the target of a forward merge. The guest sees no change. One thread
 * uses it; blocks.
 */
final class RunningTop implements MergeTarget {

  private final LiveChain disk;
  private final TopImage top;

  RunningTop(LiveChain disk, TopImage top) {
    this.disk = disk;
    this.top = top;
  }

  @Override
  public TopImage top() {
    return top;
  }

  @Override
  public void bring(int block) throws IOException {
    disk.change(() -> top.bring(block));
  }

  @Override
  public void write(long offset, MemorySegment data) {
    throw new AssertionError("a forward merge only brings blocks");
  }

  @Override
  public void zero(long offset, long length) {
    throw new AssertionError("a forward merge only brings blocks");
  }

  @Override
  public void commit() throws IOException {
    disk.chain().commit();
  }
}
