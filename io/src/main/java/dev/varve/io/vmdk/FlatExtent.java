package dev.varve.io.vmdk;

import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.Extent;

/**
 * An extent whose file has the bytes of the disk, one after the other. If the file is too short,
 * what it has can be read. Immutable.
 *
 * @param start where it begins in the file, in bytes
 * @param fileEnd how much of the file may be used
 */
record FlatExtent(long start, long fileEnd) implements Extent {

  /** Any unit would do. */
  static final int UNIT = 1 << 20;

  private static final long PLACE_END = 1L << 48;

  FlatExtent {
    fileEnd = Math.min(fileEnd, PLACE_END);
  }

  @Override
  public int unit() {
    return UNIT;
  }

  @Override
  public long find(long offset, int length) {
    long at = start + offset;
    if (at >= fileEnd) return Place.LOST;
    return at + length > fileEnd ? Place.MIXED : at;
  }

  @Override
  public int run(long offset, int length) {
    long left = fileEnd - (start + offset);
    return left <= 0 ? length : (int) Math.min(left, length);
  }
}
