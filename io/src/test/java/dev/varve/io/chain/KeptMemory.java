package dev.varve.io.chain;

import dev.varve.core.device.ReadSink;
import java.lang.foreign.MemorySegment;

/** Keeps by reference what a read of data in one run hands out. */
final class KeptMemory implements ReadSink {

  private MemorySegment memory = MemorySegment.NULL;

  MemorySegment memory() {
    return memory;
  }

  @Override
  public void bytes(MemorySegment memory, long offset, int length) {
    this.memory = memory.asSlice(offset, length);
  }

  @Override
  public void zeroes(int length) {
    throw new AssertionError(length + " bytes of zeroes were read where there is data");
  }

  @Override
  public boolean keepsReferences() {
    return true;
  }
}
