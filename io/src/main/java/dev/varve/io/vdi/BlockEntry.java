package dev.varve.io.vdi;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The two entries of a block map that are not the number of a file block. Numbers of file blocks
 * are unsigned and less than both. Stateless; any thread.
 */
public final class BlockEntry {

  /** Never written: in a child the parent's block is read, in a base the block reads as zeroes. */
  public static final int FREE = 0xFFFF_FFFF;

  /** Reads as zeroes; in a child it hides the parent's block. */
  public static final int ZERO = 0xFFFF_FFFE;

  /** How an entry is stored, at any offset. */
  static final ValueLayout.OfInt LAYOUT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private BlockEntry() {}

  /** Whether {@code entry} is a file block, neither {@link #FREE} nor {@link #ZERO}. */
  public static boolean isFileBlock(int entry) {
    return Integer.compareUnsigned(entry, ZERO) < 0;
  }
}
