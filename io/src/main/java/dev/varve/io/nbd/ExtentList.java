package dev.varve.io.nbd;

import dev.varve.core.device.ExtentSink;
import java.util.Arrays;

/**
 * The extents of one block status request, as many as one reply may have; written by a storage
 * thread.
 */
final class ExtentList implements ExtentSink {

  /** Enough for a reply of 64 KiB; the client asks again for the rest. */
  private static final int MOST = 8192;

  private long[] lengths = new long[16];
  private int[] states = new int[16];
  private int count;
  private int most;

  /** Forgets everything, and will take at most {@code one} or {@link #MOST}. */
  ExtentList clear(boolean one) {
    count = 0;
    most = one ? 1 : MOST;
    return this;
  }

  @Override
  public boolean extent(long length, int depth, boolean zero) {
    int state = depth << 1 | (zero ? 1 : 0);
    if (count > 0 && states[count - 1] == state) {
      lengths[count - 1] += length;
      return true;
    }
    if (count == most) return false;
    if (count == lengths.length) grow();
    lengths[count] = length;
    states[count++] = state;
    return true;
  }

  private void grow() {
    lengths = Arrays.copyOf(lengths, 2 * count);
    states = Arrays.copyOf(states, 2 * count);
  }

  int count() {
    return count;
  }

  long length(int i) {
    return lengths[i];
  }

  /**
   * What {@code base:allocation} says: data that only a parent holds is allocated, zeroes are holes
   * wherever they are said.
   */
  int allocation(int i) {
    return (states[i] & 1) != 0 ? Wire.STATE_HOLE | Wire.STATE_ZERO : 0;
  }

  /** What {@code qemu:allocation-depth} says. */
  int depth(int i) {
    return states[i] >> 1;
  }
}
