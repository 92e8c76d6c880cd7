package dev.varve.io.nbd;

import dev.varve.core.device.ReadSink;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The runs of a large read, kept by reference until it is known that all of it can be served. Used
 * on one event loop.
 */
final class ReadRuns implements ReadSink {

  /** More runs than this are so short that copying them is as good. */
  private static final int MOST = 1024;

  /** The offset of a run that is zeroes. */
  private static final long ZERO = -1;

  private final MemorySegment[] memory = new MemorySegment[MOST];
  private final long[] offsets = new long[MOST];
  private final int[] lengths = new int[MOST];
  private int count;
  private boolean overflowed;

  ReadRuns() {
    Arrays.fill(memory, MemorySegment.NULL);
  }

  @Override
  public boolean keepsReferences() {
    return true;
  }

  @Override
  public void bytes(MemorySegment from, long offset, int length) {
    add(from, offset, length);
  }

  @Override
  public void zeroes(int length) {
    add(MemorySegment.NULL, ZERO, length);
  }

  private void add(MemorySegment from, long offset, int length) {
    if (count == MOST) {
      overflowed = true;
      return;
    }
    memory[count] = from;
    offsets[count] = offset;
    lengths[count++] = length;
  }

  /** Whether there were more runs than can be kept. */
  boolean overflowed() {
    return overflowed;
  }

  int count() {
    return count;
  }

  boolean isZero(int i) {
    return offsets[i] == ZERO;
  }

  int length(int i) {
    return lengths[i];
  }

  /** A part of a run: the memory itself, not a copy. */
  ByteBuf slice(int i, int from, int length) {
    return Unpooled.wrappedBuffer(memory[i].asSlice(offsets[i] + from, length).asByteBuffer());
  }

  /** Lets go of all memory. */
  void clear() {
    Arrays.fill(memory, 0, count, MemorySegment.NULL);
    count = 0;
    overflowed = false;
  }
}
