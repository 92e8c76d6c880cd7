package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.BlockMap;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The top image of a chain, which the guest changes: giving blocks a place in the file,
 * copy-on-write, discard, and the parts of a commit.
 *
 * <p>Where blocks lie: {@link TopBlocks}; where in the file they can: {@link Places}; writing where
 * they lie already, which any thread may do: {@link WritesInPlace}. {@link #write} and {@link
 * #zero} run in the device's change lane, one at a time; the commit's parts are called by the
 * {@link Flusher}, one at a time, beside the lane.
 */
final class TopImage {

  private static final int MAX_PARTIAL_BLOCKS = 4096;

  /** Until others have them, the header counts so many places too many. */
  private static final int MAX_GIVEN_UP = 64;

  /** Guards the block map, the allocator and changes to the chain map. */
  private final Object lock;

  private final VdiImage image;
  private final ChainReader chain;
  private final ImageFile file;
  private final Places places;
  private final TopBlocks blocks;
  private final ChangeNotes notes = new ChangeNotes();
  private final WritesInPlace inPlace;
  private final ReaderEpochs writes = new ReaderEpochs();
  private final Supplier<UUID> uuids;
  private final boolean emptiesBlocks;

  /**
   * Held while a block gets a place, until the block map names it there or it is partial: so that a
   * commit counts no place that no block has.
   */
  private final Object oneBlock = new Object();

  /** What a commit makes durable. */
  record Commit(boolean hasData, boolean hasEntries, VdiHeader header) {}

  TopImage(VdiImage image, int index, ChainReader chain, Supplier<UUID> uuids) {
    this(image, index, chain, uuids, image.header().type() != ImageType.FIXED);
  }

  /**
   * @param emptiesBlocks whether a block that holds nothing any more is marked as zero, to give up
   *     its place when the file is made dense; else it stays where it is, a hole, also for whoever
   *     found it there
   */
  TopImage(
      VdiImage image, int index, ChainReader chain, Supplier<UUID> uuids, boolean emptiesBlocks) {
    this.lock = chain.lock;
    this.image = image;
    this.chain = chain;
    this.file = image.file();
    this.places = new Places(image, lock, writes);
    this.blocks = new TopBlocks(image, index, chain, places);
    this.inPlace = new WritesInPlace(blocks, chain, notes, writes);
    this.uuids = uuids;
    this.emptiesBlocks = emptiesBlocks;
  }

  VdiImage image() {
    return image;
  }

  /**
   * The block of which only some sectors are in this image, that holds {@code offset}; null if it
   * has just become whole.
   */
  @Nullable PartialBlock partialBlock(long offset) {
    return blocks.partial(blocks.block(offset));
  }

  /** Everybody who writes in place. */
  ReaderEpochs writes() {
    return writes;
  }

  /** See {@link WritesInPlace#write}. Any thread. */
  boolean writeInPlace(long offset, MemorySegment source, boolean mayWait) throws IOException {
    return inPlace.write(offset, source, mayWait);
  }

  /** See {@link WritesInPlace#isWorthATry}. Any thread. */
  boolean writesInPlace(long offset) {
    return inPlace.isWorthATry(offset);
  }

  /**
   * Tells {@code watcher} of every change that completes from now on, after it was made. In the
   * change lane; null, which ends that, anywhere.
   */
  void watch(@Nullable ChangedRanges watcher) {
    notes.watch(watcher);
    inPlace.await(); // who began before may not have seen it
  }

  // ---- changes of the change lane

  /** Writes anywhere, giving blocks a place where they have none. In the change lane. */
  void write(long offset, MemorySegment source) throws IOException {
    file.requireIntact();
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
    blocks.know(block);
    int length = (int) source.byteSize();
    long entry = blocks.entry(block);
    if (blocks.isHere(entry)) {
      file.write(ChainMap.fileOffset(entry) + within, source);
    } else if (entry == ChainMap.PARTIAL) {
      writeToPartial(block, within, source);
    } else if (Zeroes.fill(source)) {
      zeroBlock(block, within, length, false);
    } else if (length == blocks.visible(block) || blocks.isZeroBelow(block)) {
      int place = takePlace(block, length == blocks.visible(block));
      writeOrGiveBack(block, place, image.blockOffset(place) + within, source);
      blocks.publish(block, place);
    } else {
      blocks.startPartial(block, takePlace(block, false));
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
   * Writes to a partial block; a sector that is covered in part, and is not here yet, is first
   * brought from below.
   */
  private void writeUnaligned(PartialBlock partial, int within, MemorySegment source)
      throws IOException {
    int end = within + (int) source.byteSize();
    bringEdge(partial, within);
    bringEdge(partial, end);
    file.write(partial.fileOffset + within, source);
    partial.mark(within, end - within);
  }

  private void bringEdge(PartialBlock partial, int edge) throws IOException {
    if (edge % PartialBlock.SECTOR == 0 || partial.isMarked(edge)) return;
    int start = edge - edge % PartialBlock.SECTOR;
    chain.copyBelow(partial, start, PartialBlock.SECTOR, file);
    partial.mark(start, PartialBlock.SECTOR);
  }

  /**
   * Makes a range read as zeroes. Whole blocks are emptied; of parts, the pages are punched out;
   * what the parents hold is hidden. In the change lane.
   *
   * @param keepsSpace whether the range shall have a place in the file all the same
   */
  void zero(long offset, long length, boolean keepsSpace) throws IOException {
    file.requireIntact();
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
    blocks.know(block);
    long entry = blocks.entry(block);
    boolean whole = length == blocks.visible(block) && !keepsSpace;
    if (blocks.isHere(entry)) {
      if (whole && emptiesBlocks) blocks.publishEmptied(block, blocks.place(block));
      else zeroStored(block, within, length, keepsSpace);
    } else if (entry == ChainMap.PARTIAL) {
      zeroPartial(block, within, length, keepsSpace);
    } else if (keepsSpace && (length == blocks.visible(block) || blocks.isZeroBelow(block))) {
      blocks.publish(block, takePlace(block, false));
    } else if (whole) {
      if (!blocks.isZeroBelow(block)) blocks.publishZero(block);
    } else if (keepsSpace || !blocks.isZeroBelow(block, within, length)) {
      blocks.startPartial(block, takePlace(block, false));
      zeroPartial(block, within, length, keepsSpace);
    }
  }

  private void zeroStored(int block, int within, int length, boolean keepsSpace)
      throws IOException {
    long start = image.blockOffset(blocks.place(block));
    file.punch(start + within, length);
    if (keepsSpace) {
      file.reserve(start + within, length);
    } else if (emptiesBlocks && isEmpty(start, blocks.visible(block))) {
      inPlace.without(
          block,
          () -> {
            if (isEmpty(start, blocks.visible(block)))
              blocks.publishEmptied(block, blocks.place(block));
          });
    }
  }

  private void zeroPartial(int block, int within, int length, boolean keepsSpace)
      throws IOException {
    PartialBlock partial = blocks.partial(block);
    if (partial != null) {
      partial.lock.lock();
      try {
        if (!partial.ended()) {
          if (length == partial.visible && !keepsSpace) {
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
    file.punch(partial.fileOffset + within, length);
    file.reserve(partial.fileOffset + within, length);
    partial.markZero(within, length);
  }

  // ---- what a merge asks

  /** See {@link TopBlocks#decides}. */
  boolean decides(int block) throws IOException {
    return blocks.decides(block);
  }

  /** See {@link TopBlocks#hasPlace}. */
  boolean hasPlace(int block) throws IOException {
    return blocks.hasPlace(block);
  }

  /**
   * Makes this image decide a block as the images below show it, zeroes too; nobody who reads sees
   * a difference. In the change lane.
   */
  void bring(int block) throws IOException {
    file.requireIntact();
    synchronized (oneBlock) {
      bringBlock(block);
    }
  }

  private void bringBlock(int block) throws IOException {
    if (decides(block)) return;
    blocks.know(block);
    if (blocks.isZeroBelow(block)) {
      blocks.publishZero(block);
    } else {
      int place = takePlace(block, true);
      try {
        chain.copyBelow(blocks.partialAt(block, place), 0, blocks.visible(block), file);
      } catch (IOException e) {
        giveBack(block, place);
        throw e;
      }
      blocks.publish(block, place);
    }
    notes.changedUnseen();
  }

  private boolean isEmpty(long start, int length) throws IOException {
    return file.nextData(start, start + length) == start + length;
  }

  // ---- places in the file

  /**
   * A place for a block that lies in none: the one that it kept when it was emptied, or another.
   *
   * @param overwritten whether all that a guest sees of the block will be written; else the place
   *     reads as zeroes
   */
  private int takePlace(int block, boolean overwritten) throws IOException {
    int kept = blocks.place(block);
    if (kept >= 0) {
      places.takeBack(kept, overwritten);
      return kept;
    }
    if (blocks.partialCount() > MAX_PARTIAL_BLOCKS) completePartialBlocks(blocks.allPartial());
    return places.take();
  }

  private void giveBack(int block, int place) throws IOException {
    if (blocks.place(block) == place) places.emptied(place);
    else places.giveBack(place);
  }

  // ---- on a host that cannot make holes

  boolean punchesHoles() throws IOException {
    return file.punchesHoles();
  }

  /**
   * Marks emptied blocks as zero, so that they name no place any more after the next commit.
   *
   * @return their places, for {@link #release} then
   */
  List<Integer> giveUpEmptied() throws IOException {
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
    return given;
  }

  /** Lets blocks have these places, whose bytes are zero. */
  void release(List<Integer> given) {
    synchronized (lock) {
      given.forEach(image.allocator()::release);
    }
  }

  private void writeOrGiveBack(int block, int place, long offset, MemorySegment source)
      throws IOException {
    try {
      file.write(offset, source);
    } catch (IOException e) {
      giveBack(block, place);
      throw e;
    }
  }

  // ---- the parts of a commit

  /** See {@link VdiImage#requireOurs}. */
  void requireOurs() throws IOException {
    image.requireOurs();
  }

  boolean needsCommit() {
    synchronized (lock) {
      return image.map().hasChanges()
          || blocks.partialCount() > 0
          || places.areWaiting()
          || image.allocator().count() != image.writtenHeader().allocatedBlocks();
    }
  }

  /**
   * Begins a commit of the blocks that have a place now. Those that get one from now on belong to
   * the next.
   *
   * @return those that are partial, to be completed
   */
  List<PartialBlock> beginCommit() {
    synchronized (oneBlock) {
      synchronized (lock) {
        blocks.beginCollecting();
        return List.copyOf(blocks.allPartial());
      }
    }
  }

  /**
   * Copies what is missing into partial blocks, and makes them whole. A block for which this fails
   * stays partial and keeps no other from becoming whole.
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
        chain.copyBelow(partial, within, run, file);
        // Who still finds the block partial reads what was copied, or was written over it since.
        partial.mark(within, run);
      }
      within += run;
    }
    if (partial.mayBeEmpty() && emptiesBlocks && isEmpty(partial.fileOffset, partial.visible)) {
      blocks.publishEmptied(partial.block, partial.place);
    } else {
      blocks.publish(partial.block, partial.place);
    }
    notes.changedUnseen();
    blocks.endPartial(partial);
  }

  /** Makes holes of the places of emptied blocks. */
  void punchEmptied() throws IOException {
    places.punchEmptied();
  }

  /** What the commit that has begun makes durable; changes from now on belong to the next. */
  Commit collected() {
    synchronized (lock) {
      int count = blocks.endCollecting();
      boolean hasData = notes.take() || count != image.writtenHeader().allocatedBlocks();
      image.header(image.header().withAllocatedBlocks(count));
      if (hasData && !image.isChanged()) image.changed(uuids.get());
      return new Commit(hasData, image.map().isCommitting(), image.header());
    }
  }

  /** Writes the header, which counts every place that was given out before the commit began. */
  void writeHeader(Commit commit) throws IOException {
    image.writeHeader(commit.header());
  }

  /** Writes the entries that the commit collected: their blocks are durable by now. */
  void writeEntries() throws IOException {
    image.map().write();
  }

  void writeBack() throws IOException {
    file.writeBack();
  }

  void sync() throws IOException {
    file.sync();
  }

  /** The commit is durable. */
  void endCommit() {
    synchronized (lock) {
      image.map().endCommit();
    }
  }

  /** A commit failed: the next one writes what it should have. */
  void abandonCommit() {
    synchronized (lock) {
      blocks.endCollecting();
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

  /**
   * Leaves the file dense, as {@link DenseFile} says. After the last commit.
   *
   * @param alsoUnchanged whether also what an earlier crash left goes away
   */
  void makeDense(boolean alsoUnchanged) throws IOException {
    if (alsoUnchanged) DenseFile.make(image, places);
    else DenseFile.makeIfChanged(image, places);
  }

  /** Cuts off what was reserved behind the last place, and moves nothing. After the last commit. */
  void cutFile() throws IOException {
    places.cutFile();
    file.sync();
  }
}
