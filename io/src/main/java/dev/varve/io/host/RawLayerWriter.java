package dev.varve.io.host;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.Place;
import java.io.IOException;

/**
 * Writes a raw file or device as a base. A block's place is its offset on the disk, so there are no
 * entries to write, and a commit only makes contents durable.
 *
 * <p>Threads: as {@link LayerWriter} says.
 */
final class RawLayerWriter implements LayerWriter {

  private final ImageFile file;
  private final long capacity;

  RawLayerWriter(ImageFile file, long capacity) {
    this.file = file;
    this.capacity = capacity;
  }

  /** A hole marks a zero block, since nothing below must be hidden. */
  @Override
  public boolean marksZeroes() {
    return false;
  }

  @Override
  public boolean emptiesBlocks() {
    return false;
  }

  @Override
  public boolean makesHoles() throws IOException {
    return file.punchesHoles();
  }

  @Override
  public long placeOf(int block) throws IOException {
    long start = (long) block * RawLayer.BLOCK_SIZE;
    long end = Math.min(start + RawLayer.BLOCK_SIZE, capacity);
    return file.nextData(start, end) == end ? Place.FREE : Place.at(0, start);
  }

  /** Reserves nothing: whether there is space shows when the block is written. */
  @Override
  public long take(int block, boolean overwritten) {
    return Place.at(0, (long) block * RawLayer.BLOCK_SIZE);
  }

  @Override
  public void giveBack(int block, long place) {
    // The bytes written so far stay; the block was zero, and is undefined now.
  }

  @Override
  public void publish(int block, long place) {
    assert Place.offset(place) == (long) block * RawLayer.BLOCK_SIZE : "raw blocks do not move";
  }

  @Override
  public void publishZero(int block) {
    throw new AssertionError("a raw file has no mark for zeroes");
  }

  @Override
  public void publishEmptied(int block, long place) {
    throw new AssertionError("a raw file has no mark for zeroes");
  }

  @Override
  public void emptied(long place) {
    throw new AssertionError("a raw file has no mark for zeroes");
  }

  /** A commit of contents only. */
  private record RawCommit(boolean hasData) implements Commit {
    @Override
    public boolean hasEntries() {
      return false;
    }
  }

  @Override
  public boolean needsCommit() {
    return false;
  }

  @Override
  public void beginCommit() {}

  @Override
  public void empty() {}

  @Override
  public Commit collect(boolean changed) {
    return new RawCommit(changed);
  }

  @Override
  public void announce(Commit commit) {}

  @Override
  public void writeEntries() {
    throw new AssertionError("a raw file has no entries");
  }

  @Override
  public void endCommit() {}

  @Override
  public void abandonCommit() {}

  @Override
  public Runnable giveUpEmptied() {
    return () -> {};
  }

  @Override
  public void makeDense(boolean alsoUnchanged) {}

  @Override
  public void cutFile() {}
}
