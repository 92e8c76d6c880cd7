package dev.varve.io.vhost;

import dev.varve.core.device.ReadSink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Copies what a disk reads into the buffers of a chain. Reused by one loop; not thread-safe. */
final class Scatter implements ReadSink {

  private static final int ZEROES = 64 << 10;
  private static final MemorySegment ZERO = Arena.global().allocate(ZEROES, 64);

  private Chain chain = new Chain(false);
  private int buffer;
  private int into;

  Scatter to(Chain chain) {
    this.chain = chain;
    this.buffer = chain.middle();
    this.into = 0;
    return this;
  }

  @Override
  public void bytes(MemorySegment memory, long offset, int length) {
    while (length > 0) {
      int run = Math.min(length, chain.length(buffer) - into);
      MemorySegment.copy(memory, offset, HostMemory.ALL, chain.address(buffer) + into, run);
      offset += run;
      length -= run;
      advance(run);
    }
  }

  @Override
  public void zeroes(int length) {
    while (length > 0) {
      int run = Math.min(Math.min(length, ZEROES), chain.length(buffer) - into);
      MemorySegment.copy(ZERO, 0, HostMemory.ALL, chain.address(buffer) + into, run);
      length -= run;
      advance(run);
    }
  }

  private void advance(int run) {
    into += run;
    if (into < chain.length(buffer)) return;
    buffer++;
    into = 0;
  }
}
