package dev.varve.io.chain;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Detects memory that holds only zeroes. Stateless; any thread. */
final class Zeroes {

  private Zeroes() {}

  /** Whether every byte is zero: the first byte is, and each equals the one before it. */
  static boolean fill(MemorySegment memory) {
    long last = memory.byteSize() - 1;
    return memory.get(ValueLayout.JAVA_BYTE, 0) == 0
        && MemorySegment.mismatch(memory, 1, last + 1, memory, 0, last) < 0;
  }
}
