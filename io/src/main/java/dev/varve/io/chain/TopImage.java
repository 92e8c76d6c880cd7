package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.LayerWriter.Commit;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The top image of a chain, to which the guest writes: allocation, copy-on-write, discard, and the
 * parts of a commit.
 *
 * <p>{@link TopBlocks} knows where blocks lie. {@link LayerWriter} allocates and stores places as
 * the image's format requires. {@link WritesInPlace} writes to blocks that have a place, on any
 * thread. {@link #write} and {@link #zero} run in the device's change lane, one at a time. The
 * {@link Flusher} calls the parts of a commit, one commit at a time, in parallel to the lane.
 */
final class TopImage {

  private static final int MAX_PARTIAL_BLOCKS = 4096;

  private final MapLock lock;
  private final Layer image;
  private final LayerWriter writer;
  private final ChainReader chain;
  private final TopBlocks blocks;
  private final ChangeNotes notes = new ChangeNotes();
  private final WritesInPlace inPlace;
  private final ReaderEpochs writes = new ReaderEpochs();
  private final boolean emptiesBlocks;

  /**
   * Held from the moment a block takes a place until the block map names the place or the block is
   * partial, so that a commit never counts a place without a block.
   */
  private final Object oneBlock = new Object();

  private final WorkCounts work;

  /**
   * @param image the uppermost layer of {@code chain}
   * @param mayEmptyBlocks whether a discarded block may lose its place when the file is made dense;
   *     false if another chain reads the image, so that every block must keep its place
   * @param work counts places and copies
   */
  TopImage(
      Layer image, ChainReader chain, Supplier<UUID> ids, boolean mayEmptyBlocks, WorkCounts work) {
    this.work = work;
    this.lock = chain.lock;
    this.image = image;
    this.chain = chain;
    this.writer = image.writer(lock, writes, ids);
    this.blocks = new TopBlocks(image, writer, chain);
    this.inPlace = new WritesInPlace(blocks, chain, notes, writes);
    this.emptiesBlocks = mayEmptyBlocks && writer.emptiesBlocks();
  }

  Layer image() {
    return image;
  }

  /** The partial block at {@code offset}; null if it has just become whole. */
  @Nullable PartialBlock partialBlock(long offset) {
    return blocks.partial(blocks.block(offset));
  }

  /** The writes in place that are being carried out. */
  ReaderEpochs writes() {
    return writes;
  }

  /** See {@link WritesInPlace#write}. Any thread. */
  boolean writeInPlace(long offset, MemorySegment memory, long from, long length, boolean mayWait)
      throws IOException {
    return inPlace.write(offset, memory, from, length, mayWait);
  }

  /** See {@link WritesInPlace#isWorthATry}. Any thread. */
  boolean writesInPlace(long offset) {
    return inPlace.isWorthATry(offset);
  }

  /**
   * Sets the watcher: it marks every change that completes from now on. Runs in the change lane;
   * any thread may remove the watcher with null.
   */
  void watch(@Nullable ChangedRanges watcher) {
    notes.watch(watcher);
    inPlace.await(); // a write that began before may not have seen the watcher
  }

  // ---- in the change lane

  /** Writes anywhere; blocks without a place get one. In the change lane. */
  void write(long offset, MemorySegment source) throws IOException {
    image.requireIntact();
    long length = source.byteSize();
    try {
      for (long done = 0; done < length; ) {
        long at = offset + done;
        long run = Math.min(length - done, image.blockSize() - blocks.within(at));
        synchronized (oneBlock) {
          writeBlock(blocks.block(at), blocks.within(at), source.asSlice(done, run));
        }
        done += run;
      }
    } finally {
      notes.changed(offset, length);
    }
  }

  private void writeBlock(int block, int within, MemorySegment source) throws IOException {
    noneMixed(block);
    int length = (int) source.byteSize();
    long entry = blocks.entry(block);
    if (blocks.isHere(entry)) {
      blocks.file(entry).write(ChainMap.fileOffset(entry) + within, source);
    } else if (entry == ChainMap.PARTIAL) {
      writeToPartial(block, within, source);
    } else if (Zeroes.fill(source)) {
      zeroBlock(block, within, length, false);
    } else if (length == blocks.visible(block) || blocks.isZeroBelow(block)) {
      long place = takePlace(block, length == blocks.visible(block));
      writeOrGiveBack(block, place, within, source);
      blocks.publish(block, place);
    } else {
      startPartial(block);
      writeToPartial(block, within, source);
    }
  }

  private void writeToPartial(int block, int within, MemorySegment source) throws IOException {
    PartialBlock partial = blocks.partial(block);
    if (partial != null) {
      partial.lock.lock();
      try {
        if (!partial.ended()) {
          writeUnaligned(partial, within, source);
          return;
        }
      } finally {
        partial.lock.unlock();
      }
    }
    writeBlock(block, within, source); // it has become a whole block meanwhile
  }

  /**
   * Writes to a partial block. A sector that is written only in part and is not in this image yet
   * is first copied from below.
   */
  private void writeUnaligned(PartialBlock partial, int within, MemorySegment source)
      throws IOException {
    int end = within + (int) source.byteSize();
    bringEdge(partial, within);
    bringEdge(partial, end);
    partial.file.write(partial.fileOffset + within, source);
    partial.mark(within, end - within);
  }

  private void bringEdge(PartialBlock partial, int edge) throws IOException {
    if (edge % PartialBlock.SECTOR == 0 || partial.isMarked(edge)) return;
    int start = edge - edge % PartialBlock.SECTOR;
    chain.copyBelow(partial, start, PartialBlock.SECTOR);
    work.copied(PartialBlock.SECTOR);
    partial.mark(start, PartialBlock.SECTOR);
  }

  /**
   * Makes a range read as zeroes, and hides what the images below hold there. Whole blocks are
   * emptied; in parts of blocks, whole pages are punched out. In the change lane.
   *
   * @param keepsSpace whether the range must have allocated space in the file afterwards
   */
  void zero(long offset, long length, boolean keepsSpace) throws IOException {
    image.requireIntact();
    try {
      for (long done = 0; done < length; ) {
        long at = offset + done;
        int run = (int) Math.min(length - done, image.blockSize() - blocks.within(at));
        synchronized (oneBlock) {
          zeroBlock(blocks.block(at), blocks.within(at), run, keepsSpace);
        }
        done += run;
      }
    } finally {
      notes.changed(offset, length);
    }
  }

  private void zeroBlock(int block, int within, int length, boolean keepsSpace) throws IOException {
    noneMixed(block);
    long entry = blocks.entry(block);
    boolean whole = length == blocks.visible(block) && !keepsSpace;
    if (blocks.isHere(entry)) {
      long place = blocks.placeAt(entry);
      if (whole && emptiesBlocks) blocks.publishEmptied(block, place);
      else zeroStored(block, place, within, length, keepsSpace);
    } else if (entry == ChainMap.PARTIAL) {
      zeroPartial(block, within, length, keepsSpace);
    } else if (keepsSpace && (length == blocks.visible(block) || blocks.isZeroBelow(block))) {
      blocks.publish(block, takePlace(block, false));
    } else if (whole) {
      if (!blocks.isZeroBelow(block)) makeZero(block);
    } else if (keepsSpace || !blocks.isZeroBelow(block, within, length)) {
      startPartial(block);
      zeroPartial(block, within, length, keepsSpace);
    }
  }

  /** Marks a block that has no place as zero. Writes zeroes if the format has no mark for that. */
  private void makeZero(int block) throws IOException {
    if (writer.marksZeroes()) blocks.publishZero(block);
    else blocks.publish(block, takePlace(block, false));
  }

  private void zeroStored(int block, long place, int within, int length, boolean keepsSpace)
      throws IOException {
    ImageFile file = fileOf(place);
    long start = Place.offset(place);
    file.punch(start + within, length);
    if (keepsSpace) {
      file.reserve(start + within, length);
    } else if (emptiesBlocks && isEmpty(file, start, blocks.visible(block))) {
      inPlace.without(
          block,
          () -> {
            if (isEmpty(file, start, blocks.visible(block))) blocks.publishEmptied(block, place);
          });
    }
  }

  private ImageFile fileOf(long place) {
    return image.files().get(Place.file(place));
  }

  private void zeroPartial(int block, int within, int length, boolean keepsSpace)
      throws IOException {
    PartialBlock partial = blocks.partial(block);
    if (partial != null) {
      partial.lock.lock();
      try {
        if (!partial.ended()) {
          if (length == partial.visible && !keepsSpace && emptiesBlocks) {
            blocks.publishEmptied(block, partial.place);
            blocks.endPartial(partial);
          } else {
            zeroSectors(partial, within, length);
          }
          return;
        }
      } finally {
        partial.lock.unlock();
      }
    }
    zeroBlock(block, within, length, keepsSpace);
  }

  private void zeroSectors(PartialBlock partial, int within, int length) throws IOException {
    bringEdge(partial, within);
    bringEdge(partial, within + length);
    partial.file.punch(partial.fileOffset + within, length);
    partial.file.reserve(partial.fileOffset + within, length);
    partial.markZero(within, length);
  }

  // ---- what a merge asks

  /** See {@link TopBlocks#decides}. */
  boolean decides(int block) throws IOException {
    return blocks.decides(block);
  }

  /** See {@link TopBlocks#holdsSome}. */
  boolean holdsSome(int block) throws IOException {
    return blocks.holdsSome(block);
  }

  /** See {@link TopBlocks#hasPlace}. */
  boolean hasPlace(int block) throws IOException {
    return blocks.hasPlace(block);
  }

  /**
   * Copies a block from the images below into this image, or its zero mark. Readers see no
   * difference. In the change lane.
   */
  void bring(int block) throws IOException {
    image.requireIntact();
    synchronized (oneBlock) {
      bringBlock(block);
    }
  }

  private void bringBlock(int block) throws IOException {
    noneMixed(block);
    if (decides(block)) return;
    if (blocks.isZeroBelow(block)) {
      makeZero(block);
    } else {
      long place = takePlace(block, false); // the copy leaves zeroes out
      try {
        chain.copyBelow(blocks.partialAt(block, place), 0, blocks.visible(block));
      } catch (IOException e) {
        writer.giveBack(block, place);
        throw e;
      }
      blocks.publish(block, place);
    }
    notes.changedUnseen();
  }

  private static boolean isEmpty(ImageFile file, long start, int length) throws IOException {
    return file.nextData(start, start + length) == start + length;
  }

  /**
   * Makes the block partial if the file holds only some of its sectors, as other programs leave it.
   */
  private void noneMixed(int block) throws IOException {
    if (!blocks.isMixed(block)) return;
    startPartial(block);
    notes.changedUnseen();
  }

  /** See {@link TopBlocks#startPartial}. */
  private void startPartial(int block) throws IOException {
    long place = takePlace(block, false);
    try {
      blocks.startPartial(block, place);
    } catch (IOException e) {
      writer.giveBack(block, place);
      throw e;
    }
  }

  // ---- places in the file

  /**
   * A place for a block that has none: see {@link LayerWriter#take}.
   *
   * @param overwritten whether the caller writes all of the block that the guest sees; if not, the
   *     place reads as zeroes
   */
  private long takePlace(int block, boolean overwritten) throws IOException {
    if (blocks.partialCount() > MAX_PARTIAL_BLOCKS) completePartialBlocks(blocks.allPartial());
    long place = writer.take(block, overwritten);
    work.placed(image.blockSize());
    return place;
  }

  private void writeOrGiveBack(int block, long place, int within, MemorySegment source)
      throws IOException {
    try {
      fileOf(place).write(Place.offset(place) + within, source);
    } catch (IOException e) {
      writer.giveBack(block, place);
      throw e;
    }
  }

  // ---- on a host that cannot make holes

  boolean makesHoles() throws IOException {
    return writer.makesHoles();
  }

  /** See {@link LayerWriter#giveUpEmptied}. */
  Runnable giveUpEmptied() throws IOException {
    return writer.giveUpEmptied();
  }

  // ---- the parts of a commit

  /** See {@link Layer#requireOurs}. */
  void requireOurs() throws IOException {
    image.requireOurs();
  }

  boolean needsCommit() {
    synchronized (lock) {
      return blocks.partialCount() > 0 || writer.needsCommit();
    }
  }

  /**
   * Begins a commit of the blocks that have a place now. Blocks that get a place later belong to
   * the next commit.
   *
   * @return the partial blocks, which the commit must complete
   */
  List<PartialBlock> beginCommit() {
    synchronized (oneBlock) {
      synchronized (lock) {
        writer.beginCommit();
        return List.copyOf(blocks.allPartial());
      }
    }
  }

  /**
   * Copies missing sectors into partial blocks and makes them whole. A block for which this fails
   * stays partial; the others become whole all the same.
   *
   * @return the first failure, or null
   */
  @Nullable IOException completePartialBlocks(Collection<PartialBlock> unfinished) {
    IOException failure = null;
    for (PartialBlock partial : unfinished) {
      partial.lock.lock();
      try {
        if (!partial.ended()) complete(partial);
      } catch (IOException e) {
        if (failure == null) failure = e;
      } finally {
        partial.lock.unlock();
      }
    }
    return failure;
  }

  private void complete(PartialBlock partial) throws IOException {
    for (int within = 0; within < partial.visible; ) {
      boolean marked = partial.isMarked(within);
      int run = partial.run(within, partial.visible - within, marked);
      if (!marked) {
        chain.copyBelow(partial, within, run);
        work.copied(run);
        // A reader that still finds the block partial reads the copied sectors, or newer writes.
        partial.mark(within, run);
      }
      within += run;
    }
    if (partial.mayBeEmpty()
        && emptiesBlocks
        && isEmpty(partial.file, partial.fileOffset, partial.visible)) {
      blocks.publishEmptied(partial.block, partial.place);
    } else {
      blocks.publish(partial.block, partial.place);
    }
    notes.changedUnseen();
    blocks.endPartial(partial);
  }

  /** See {@link LayerWriter#empty}. */
  void makeHoles() throws IOException {
    writer.empty();
  }

  /** What the present commit makes durable. Later changes belong to the next commit. */
  Commit collected() {
    synchronized (lock) {
      return writer.collect(notes.take());
    }
  }

  /** See {@link LayerWriter#announce}. */
  void announce(Commit commit) throws IOException {
    writer.announce(commit);
  }

  /** See {@link LayerWriter#writeEntries}. */
  void writeEntries() throws IOException {
    writer.writeEntries();
  }

  void writeBack() throws IOException {
    image.writeBack();
  }

  void sync() throws IOException {
    image.sync();
  }

  /** Ends a commit, which is durable now. */
  void endCommit() {
    synchronized (lock) {
      writer.endCommit();
    }
  }

  /** Ends a commit that failed. The next commit writes what this one did not. */
  void abandonCommit() {
    synchronized (lock) {
      writer.abandonCommit();
      notes.changedUnseen();
    }
  }

  // ---- stopping and closing

  /** Refuses writes in place from now on, and waits for those that have begun. */
  void stopWrites() {
    inPlace.stop();
  }

  void allowWrites() {
    inPlace.allow();
  }

  /** See {@link LayerWriter#makeDense}. After the last commit. */
  void makeDense(boolean alsoUnchanged) throws IOException {
    writer.makeDense(alsoUnchanged);
  }

  /**
   * Cuts the space off that was reserved behind the last place, and moves no block. After the last
   * commit.
   */
  void cutFile() throws IOException {
    writer.cutFile();
    image.sync();
  }
}
