package dev.varve.io.vmdk;

import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.Extent;

/** An extent without a file, which reads as zeroes. Immutable. */
record ZeroExtent() implements Extent {

  @Override
  public int unit() {
    return FlatExtent.UNIT;
  }

  @Override
  public long find(long offset, int length) {
    return Place.ZERO;
  }

  @Override
  public int run(long offset, int length) {
    return length;
  }
}
