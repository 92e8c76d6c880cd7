package dev.varve.io.chain;

import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A raw file or device that a merge changes: every byte has its place. One thread uses it. */
final class RawTarget implements MergeTarget {

  private final VdiImage image;

  /**
   * @param image a raw one, open for writing; lent
   */
  RawTarget(VdiImage image) {
    this.image = image;
  }

  @Override
  public VdiImage image() {
    return image;
  }

  @Override
  public boolean decides(int block) {
    return true;
  }

  @Override
  public boolean hasPlace(int block) throws IOException {
    return image.map().entry(block) != BlockEntry.FREE;
  }

  @Override
  public void bring(int block) {
    throw new IllegalStateException("nothing lies below a raw image");
  }

  @Override
  public void write(long offset, MemorySegment data) throws IOException {
    image.file().write(offset, data);
  }

  @Override
  public void zero(long offset, long length) throws IOException {
    image.file().punch(offset, length);
  }

  @Override
  public void commit() throws IOException {
    image.file().sync();
  }
}
