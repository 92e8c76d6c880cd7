package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;

/**
 * Where the blocks of a raw file lie: each in its place, but for those that are in a hole of the
 * file, which nobody has written. Says so anew at each look, and never changes.
 */
final class RawMap extends BlockMap {

  private final ImageFile file;
  private final VdiHeader header;

  RawMap(ImageFile file, VdiHeader header) {
    super(file, 0, header.blockCount());
    this.file = file;
    this.header = header;
  }

  @Override
  public int fileEntry(int block) throws IOException {
    long start = header.blockOffset(block);
    long end = start + header.visibleLength(block);
    return file.nextData(start, end) == end ? BlockEntry.FREE : block;
  }

  @Override
  public void set(int block, int entry) {
    throw new UnsupportedOperationException("a raw file has no block map");
  }

  @Override
  public void forEach(Sink sink) throws IOException {
    for (int block = 0; block < blockCount(); block++) sink.entry(block, fileEntry(block));
  }
}
