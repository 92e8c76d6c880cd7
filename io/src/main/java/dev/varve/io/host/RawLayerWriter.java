package dev.varve.io.host;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.InPlaceWriter;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.Place;
import java.io.IOException;

/**
 * Writes a raw file or device as a base. A hole marks a zero block, since nothing below must be
 * hidden.
 *
 * <p>Threads: as {@link LayerWriter} says.
 */
final class RawLayerWriter extends InPlaceWriter {

  private final ImageFile file;
  private final long capacity;

  RawLayerWriter(ImageFile file, long capacity) {
    super(file, RawLayer.BLOCK_SIZE);
    this.file = file;
    this.capacity = capacity;
  }

  @Override
  public long placeOf(int block) throws IOException {
    long start = (long) block * RawLayer.BLOCK_SIZE;
    long end = Math.min(start + RawLayer.BLOCK_SIZE, capacity);
    return file.nextData(start, end) == end ? Place.FREE : super.placeOf(block);
  }
}
