package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Writes a VDI image. Blocks get {@link FileBlocks file blocks}. A commit first writes the header,
 * which counts every file block that was given out before the commit began, and then the entries of
 * the block map.
 *
 * <p>The offset of a file block is what {@code io.layer} calls a place. Threads: as {@link
 * LayerWriter} says.
 */
final class VdiLayerWriter implements LayerWriter {

  /**
   * How many file blocks emptied blocks give up at once. Until other blocks use them, the header's
   * count is too high by that.
   */
  private static final int MAX_GIVEN_UP = 64;

  private final VdiImage image;
  private final ImageFile file;
  private final FileBlocks fileBlocks;
  private final MapLock lock;
  private final Supplier<UUID> uuids;

  /**
   * While a commit collects its changes: the number of file blocks when it began; else 0. A block
   * that gets one of these file blocks belongs to that commit, a block with a higher one to the
   * next. Guarded by {@link #lock}.
   */
  private int collecting;

  /**
   * @param uuids gives the modify uuid that the image gets when its contents change
   */
  VdiLayerWriter(VdiImage image, MapLock lock, ReaderEpochs writes, Supplier<UUID> uuids) {
    this.image = image;
    this.file = image.file();
    this.fileBlocks = new FileBlocks(image, lock, writes);
    this.lock = lock;
    this.uuids = uuids;
  }

  // ---- what the format can say

  @Override
  public boolean marksZeroes() {
    return true;
  }

  /** False for a fixed image: VirtualBox relies on every block of it being in the file. */
  @Override
  public boolean emptiesBlocks() {
    return image.header().type() != ImageType.FIXED;
  }

  @Override
  public boolean makesHoles() throws IOException {
    return file.punchesHoles();
  }

  // ---- places

  @Override
  public long placeOf(int block) throws IOException {
    int fileBlock = fileBlockOf(block);
    return fileBlock < 0 ? Place.FREE : image.blockOffset(fileBlock);
  }

  /** The file block that the block has in the file; -1 if it has none. */
  private int fileBlockOf(int block) throws IOException {
    synchronized (lock) {
      int entry = image.map().fileEntry(block);
      return BlockEntry.isFileBlock(entry) ? entry : -1;
    }
  }

  private int fileBlockAt(long place) {
    return image.header().fileBlockAt(place);
  }

  @Override
  public long take(int block, boolean overwritten) throws IOException {
    int fileBlock = fileBlockOf(block);
    if (fileBlock >= 0) fileBlocks.takeBack(fileBlock, overwritten);
    else fileBlock = fileBlocks.take();
    return image.blockOffset(fileBlock);
  }

  @Override
  public void giveBack(int block, long place) throws IOException {
    int fileBlock = fileBlockAt(place);
    if (fileBlockOf(block) == fileBlock) fileBlocks.emptied(fileBlock);
    else fileBlocks.release(fileBlock);
  }

  // ---- published

  @Override
  public void publish(int block, long place) throws IOException {
    enter(block, fileBlockAt(place));
  }

  private void enter(int block, int fileBlock) throws IOException {
    assert lock.isHeld();
    if (fileBlock < collecting && image.map().fileEntry(block) != fileBlock)
      image.map().setInCommit(block, fileBlock);
    else image.map().set(block, fileBlock);
  }

  @Override
  public void publishZero(int block) throws IOException {
    assert lock.isHeld();
    image.map().set(block, BlockEntry.ZERO);
  }

  @Override
  public void publishEmptied(int block, long place) throws IOException {
    enter(block, fileBlockAt(place));
    image.map().empty(block);
  }

  @Override
  public void emptied(long place) {
    fileBlocks.emptied(fileBlockAt(place));
  }

  // ---- a commit

  /** The header to write, and whether there are contents and entries. */
  private record VdiCommit(boolean hasData, boolean hasEntries, VdiHeader header)
      implements Commit {}

  @Override
  public boolean needsCommit() {
    assert lock.isHeld();
    return image.map().hasChanges()
        || fileBlocks.areWaiting()
        || image.allocator().count() != image.writtenHeader().allocatedBlocks();
  }

  @Override
  public void beginCommit() {
    assert lock.isHeld();
    image.map().beginCommit();
    fileBlocks.committing(true);
    collecting = image.allocator().count();
  }

  @Override
  public void empty() throws IOException {
    fileBlocks.punchEmptied();
  }

  @Override
  public Commit collect(boolean changed) {
    assert lock.isHeld();
    int count = collecting;
    collecting = 0;
    boolean hasData = changed || count != image.writtenHeader().allocatedBlocks();
    image.header(image.header().withAllocatedBlocks(count));
    if (hasData && !image.isChanged()) image.changed(uuids.get());
    return new VdiCommit(hasData, image.map().isCommitting(), image.header());
  }

  /**
   * Writes the header. VirtualBox allocates at the position that its count gives, so the count must
   * be durable before an entry names a file block behind the old one.
   */
  @Override
  public void announce(Commit commit) throws IOException {
    image.writeHeader(((VdiCommit) commit).header());
  }

  @Override
  public void writeEntries() throws IOException {
    image.map().write();
  }

  @Override
  public void endCommit() {
    assert lock.isHeld();
    image.map().endCommit();
    fileBlocks.committing(false);
  }

  @Override
  public void abandonCommit() {
    assert lock.isHeld();
    collecting = 0;
    fileBlocks.committing(false);
  }

  // ---- room

  /** Marks some emptied blocks as zero, so that after the next commit they name no file block. */
  @Override
  public Runnable giveUpEmptied() throws IOException {
    List<Integer> given = new ArrayList<>();
    synchronized (lock) {
      BlockMap map = image.map();
      for (int block = map.nextEmptied(0);
          block >= 0 && given.size() < MAX_GIVEN_UP;
          block = map.nextEmptied(block + 1)) {
        given.add(map.fileEntry(block));
        map.set(block, BlockEntry.ZERO);
      }
    }
    return () -> {
      synchronized (lock) {
        given.forEach(image.allocator()::release);
      }
    };
  }

  // ---- the end

  @Override
  public void makeDense(boolean alsoUnchanged) throws IOException {
    if (alsoUnchanged) DenseFile.make(image, fileBlocks);
    else DenseFile.makeIfChanged(image, fileBlocks);
  }

  @Override
  public void cutFile() throws IOException {
    fileBlocks.cutFile();
  }
}
