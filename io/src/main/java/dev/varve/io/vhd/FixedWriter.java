package dev.varve.io.vhd;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.Place;
import java.io.IOException;

/**
 * Writes a fixed image, in which every block has its place from the beginning: a commit only makes
 * contents durable.
 *
 * <p>Threads: as {@link LayerWriter} says.
 */
final class FixedWriter implements LayerWriter {

  private final ImageFile file;

  FixedWriter(ImageFile file) {
    this.file = file;
  }

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
  public long placeOf(int block) {
    return Place.at(0, (long) block * VhdHead.FIXED_BLOCK);
  }

  @Override
  public long take(int block, boolean overwritten) {
    return placeOf(block);
  }

  @Override
  public void giveBack(int block, long place) {
    // Its bytes are the block's, whatever they are.
  }

  @Override
  public void publish(int block, long place) {
    assert place == placeOf(block) : "blocks of a fixed image do not move";
  }

  @Override
  public void publishZero(int block) {
    throw noMark();
  }

  @Override
  public void publishEmptied(int block, long place) {
    throw noMark();
  }

  @Override
  public void emptied(long place) {
    throw noMark();
  }

  private static AssertionError noMark() {
    return new AssertionError("VHD has no mark for zeroes");
  }

  private record Contents(boolean hasData) implements Commit {
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
    return new Contents(changed);
  }

  @Override
  public void announce(Commit commit) {}

  @Override
  public void writeEntries() {
    throw new AssertionError("a fixed image has no entries");
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
