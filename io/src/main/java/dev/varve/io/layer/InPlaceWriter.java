package dev.varve.io.layer;

import dev.varve.io.file.ImageFile;
import java.io.IOException;

/**
 * Writes an image in one file in which a block's place is its offset on the disk, as in a raw file:
 * there are no entries to write, and a commit only makes contents durable.
 *
 * <p>Threads: as {@link LayerWriter} says.
 */
public class InPlaceWriter implements LayerWriter {

  private final ImageFile file;
  private final int blockSize;

  /**
   * @param file lent
   * @param blockSize the unit of {@link Layer#blockSize}, in bytes
   */
  public InPlaceWriter(ImageFile file, int blockSize) {
    this.file = file;
    this.blockSize = blockSize;
  }

  @Override
  public boolean makesHoles() throws IOException {
    return file.punchesHoles();
  }

  @Override
  public long placeOf(int block) throws IOException {
    return ownPlace(block);
  }

  private long ownPlace(int block) {
    return Place.at(0, (long) block * blockSize);
  }

  /** Reserves nothing: whether there is space shows when the block is written. */
  @Override
  public long take(int block, boolean overwritten) {
    return ownPlace(block);
  }

  @Override
  public void giveBack(int block, long place) {
    // Its bytes are the block's, whatever they are.
  }

  @Override
  public void publish(int block, long place) {
    assert place == ownPlace(block) : "the blocks do not move";
  }

  /** A commit of contents only. */
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
  public Commit collect(boolean changed) {
    return new Contents(changed);
  }

  @Override
  public void announce(Commit commit) {}

  @Override
  public void writeEntries() {
    throw new AssertionError("there are no entries");
  }

  @Override
  public void endCommit() {}

  @Override
  public void abandonCommit() {}

  @Override
  public void makeDense(boolean alsoUnchanged) {}

  @Override
  public void cutFile() {}
}
