package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.Grace;
import dev.varve.io.vdi.BlockEntry;
import dev.varve.io.vdi.ImageType;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Changes to the top image of a chain: writing in place, giving blocks a place in the file,
 * copy-on-write, discard, and the parts of a commit.
 *
 * <p>{@link #writeInPlace} may be called by any thread. {@link #write} and {@link #zero} run in the
 * device's change lane, one at a time; the commit's parts are called by the {@link Flusher}, one at
 * a time, beside the lane. What both touch (block map, free places, entries of the chain map) is
 * guarded by {@link #lock}, held only for moments. Where in the file blocks can lie: {@link
 * Places}.
 */
final class TopImage {

  private static final int PAGE = 4096;
  private static final int MAX_PARTIAL_BLOCKS = 4096;

  /** Guards the block map, the allocator, the list of freed places and changes to the chain map. */
  private final Object lock;

  private final VdiImage image;
  private final int index;
  private final ChainReader chain;
  private final ChainMap map;
  private final ImageFile file;
  private final Grace writes = new Grace();
  private final Places places;
  private final Supplier<UUID> uuids;
  private final ConcurrentHashMap<Integer, PartialBlock> partialBlocks = new ConcurrentHashMap<>();
  private final int blockShift;
  private final int unitsPerBlockShift;
  private final boolean freesBlocks;

  private volatile int frozenBlock = -1;

  /** Whether anything was written or zeroed since the last commit began. */
  private final AtomicBoolean dirty = new AtomicBoolean();

  private volatile boolean stopped;

  /** Hears where the contents change; null if nobody wants to. */
  private volatile @Nullable ChangedRanges watcher;

  /** What a commit makes durable. */
  record Commit(boolean hasData, boolean hasEntries, VdiHeader header, List<Integer> freed) {
    boolean isEmpty() {
      return !hasData && !hasEntries;
    }
  }

  TopImage(VdiImage image, int index, ChainReader chain, Grace reads, Supplier<UUID> uuids) {
    this(image, index, chain, reads, uuids, image.header().type() != ImageType.FIXED);
  }

  /**
   * @param freesBlocks whether a block that holds nothing any more gives up its place; else it
   *     keeps it, empty, so that whoever found it there goes on reading zeroes
   */
  TopImage(
      VdiImage image,
      int index,
      ChainReader chain,
      Grace reads,
      Supplier<UUID> uuids,
      boolean freesBlocks) {
    this.lock = chain.lock;
    this.image = image;
    this.index = index;
    this.chain = chain;
    this.map = chain.map();
    this.file = image.file();
    this.places = new Places(image, lock, reads, writes);
    this.uuids = uuids;
    this.blockShift = Integer.numberOfTrailingZeros(image.blockSize());
    this.unitsPerBlockShift = blockShift - map.unitShift();
    this.freesBlocks = freesBlocks;
  }

  VdiImage image() {
    return image;
  }

  // ---- where things are

  private int block(long offset) {
    return (int) (offset >>> blockShift);
  }

  private int within(long offset) {
    return (int) offset & image.blockSize() - 1;
  }

  private long diskOffset(int block) {
    return (long) block << blockShift;
  }

  private int visible(int block) {
    return image.header().visibleLength(block);
  }

  private long firstUnit(int block) {
    return (long) block << unitsPerBlockShift;
  }

  private long endUnit(int block) {
    return Math.min(firstUnit(block + 1), map.units());
  }

  private boolean isHere(long entry) {
    return ChainMap.isStored(entry) && ChainMap.image(entry) == index;
  }

  /**
   * The block of which only some sectors are in this image, that holds {@code offset}; null if it
   * has just become whole.
   */
  @Nullable PartialBlock partialBlock(long offset) {
    return partialBlocks.get(block(offset));
  }

  // ---- writing in place

  /**
   * Writes where the image holds the whole range already.
   *
   * @param mayWait whether the caller may be made to wait; else a range that is not resident where
   *     it must be read to be written, or a block that somebody else is changing, is refused
   * @return false if the range must go through {@link #write}, or writes are stopped; nothing was
   *     written
   */
  boolean writeInPlace(long offset, MemorySegment source, boolean mayWait) throws IOException {
    int ticket = writes.enter();
    try {
      if (stopped) return false;
      return allInPlace(offset, source.byteSize(), mayWait)
          ? writeAll(offset, source)
          : map.entry(offset >>> map.unitShift()) == ChainMap.PARTIAL
              && writeSectors(offset, source, mayWait);
    } finally {
      writes.exit(ticket);
    }
  }

  /**
   * Whether {@link #writeInPlace} would not be refused for where the range lies; a guess that costs
   * one look-up.
   */
  boolean writesInPlace(long offset) {
    long entry = map.entry(offset >>> map.unitShift());
    return isHere(entry) || entry == ChainMap.PARTIAL;
  }

  private boolean allInPlace(long offset, long length, boolean mayWait) {
    int frozen = frozenBlock;
    long end = offset + length;
    for (long at = offset; at < end; at = diskOffset(block(at) + 1)) {
      long entry = map.entry(at >>> map.unitShift());
      if (!isHere(entry) || block(at) == frozen) return false;
    }
    return mayWait || isWholePages(offset, length) || chain.isResident(offset, (int) length);
  }

  /**
   * Whether the pages of the file that hold the range are overwritten whole, so that none must be
   * read before.
   */
  private boolean isWholePages(long offset, long length) {
    return ((offset | length | image.header().dataOffset() | image.header().stride()) & PAGE - 1)
        == 0;
  }

  private boolean writeAll(long offset, MemorySegment source) throws IOException {
    long length = source.byteSize();
    try {
      for (long done = 0; done < length; ) {
        long at = offset + done;
        long run = Math.min(length - done, image.blockSize() - within(at));
        long entry = map.entry(at >>> map.unitShift());
        // A discard that came in between made the block zero: the write is lost to it, as if it had
        // come before.
        if (isHere(entry)) {
          file.write(
              ChainMap.fileOffset(entry) + (at & map.unitSize() - 1),
              run == length ? source : source.asSlice(done, run));
        }
        done += run;
      }
      return true;
    } finally {
      noteWritten(offset, length);
    }
  }

  private boolean writeSectors(long offset, MemorySegment source, boolean mayWait)
      throws IOException {
    int within = within(offset);
    long length = source.byteSize();
    PartialBlock partial = partialBlock(offset);
    if (partial == null
        || within + length > partial.visible
        || !isWholePagesOrWaits(partial, within, length, mayWait)) return false;
    if (mayWait) partial.lock.lock();
    else if (!partial.lock.tryLock()) return false;
    try {
      if (partial.ended() || !partial.takes(within, (int) length)) return false;
      file.write(partial.fileOffset + within, source);
      partial.mark(within, (int) length);
      return true;
    } finally {
      partial.lock.unlock();
      noteWritten(offset, length);
    }
  }

  /**
   * Called after a write: a commit that clears this mark before it is set makes the write durable.
   */
  private void noteWritten(long offset, long length) {
    if (!dirty.get()) dirty.set(true);
    ChangedRanges watching = watcher;
    if (watching != null) watching.mark(offset, length);
  }

  /**
   * Tells {@code watcher} of every change that completes from now on, after it was made. In the
   * change lane; null, which ends that, anywhere.
   */
  void watch(@Nullable ChangedRanges watcher) {
    this.watcher = watcher;
    writes.await(); // who began before may not have seen it
  }

  private boolean isWholePagesOrWaits(
      PartialBlock partial, int within, long length, boolean mayWait) {
    return mayWait || ((partial.fileOffset + within | length) & PAGE - 1) == 0;
  }

  // ---- changes of the change lane

  /** Writes anywhere, giving blocks a place where they have none. In the change lane. */
  void write(long offset, MemorySegment source) throws IOException {
    long length = source.byteSize();
    try {
      for (long done = 0; done < length; ) {
        long at = offset + done;
        long run = Math.min(length - done, image.blockSize() - within(at));
        writeBlock(block(at), within(at), source.asSlice(done, run));
        done += run;
      }
    } finally {
      noteWritten(offset, length);
    }
  }

  private void writeBlock(int block, int within, MemorySegment source) throws IOException {
    know(block);
    int length = (int) source.byteSize();
    long entry = map.entry(firstUnit(block));
    if (isHere(entry)) {
      file.write(ChainMap.fileOffset(entry) + within, source);
    } else if (entry == ChainMap.PARTIAL) {
      writeToPartial(block, within, source);
    } else if (Zeroes.fill(source)) {
      zeroBlock(block, within, length, false);
    } else if (length == visible(block) || isZeroBelow(firstUnit(block), endUnit(block))) {
      int place = takePlace();
      writeOrGiveBack(place, image.blockOffset(place) + within, source);
      publish(block, place);
    } else {
      startPartial(block);
      writeToPartial(block, within, source);
    }
  }

  private void writeToPartial(int block, int within, MemorySegment source) throws IOException {
    PartialBlock partial = partialBlocks.get(block);
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
   * Makes a range read as zeroes. Whole blocks lose their place; of parts, the pages are punched
   * out; what the parents hold is hidden. In the change lane.
   *
   * @param keepsSpace whether the range shall have a place in the file all the same
   */
  void zero(long offset, long length, boolean keepsSpace) throws IOException {
    try {
      for (long done = 0; done < length; ) {
        long at = offset + done;
        int run = (int) Math.min(length - done, image.blockSize() - within(at));
        zeroBlock(block(at), within(at), run, keepsSpace);
        done += run;
      }
    } finally {
      noteWritten(offset, length);
    }
  }

  private void zeroBlock(int block, int within, int length, boolean keepsSpace) throws IOException {
    know(block);
    long entry = map.entry(firstUnit(block));
    boolean whole = length == visible(block) && !keepsSpace;
    if (isHere(entry)) {
      if (whole && freesBlocks) publishZero(block, place(block));
      else zeroStored(block, within, length, keepsSpace);
    } else if (entry == ChainMap.PARTIAL) {
      zeroPartial(block, within, length, keepsSpace);
    } else if (keepsSpace
        && (length == visible(block) || isZeroBelow(firstUnit(block), endUnit(block)))) {
      publish(block, takePlace());
    } else if (whole) {
      if (!isZeroBelow(firstUnit(block), endUnit(block))) publishZero(block, -1);
    } else if (keepsSpace
        || !isZeroBelow(unit(block, within), unit(block, within + length - 1) + 1)) {
      startPartial(block);
      zeroPartial(block, within, length, keepsSpace);
    }
  }

  private void zeroStored(int block, int within, int length, boolean keepsSpace)
      throws IOException {
    long start = image.blockOffset(place(block));
    file.punch(start + within, length);
    if (keepsSpace) {
      file.reserve(start + within, length);
    } else if (freesBlocks && isEmpty(start, visible(block))) {
      frozenBlock = block; // nobody begins to write to it in place; whoever has begun is waited for
      try {
        writes.await();
        if (isEmpty(start, visible(block))) publishZero(block, place(block));
      } finally {
        frozenBlock = -1;
      }
    }
  }

  private void zeroPartial(int block, int within, int length, boolean keepsSpace)
      throws IOException {
    PartialBlock partial = partialBlocks.get(block);
    if (partial != null) {
      partial.lock.lock();
      try {
        if (!partial.ended()) {
          if (length == partial.visible && !keepsSpace) {
            publishZero(block, partial.place);
            end(partial);
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

  /** Whether this image decides what a block holds, or will once the next commit completed it. */
  boolean decides(int block) throws IOException {
    if (partialBlocks.containsKey(block)) return true;
    synchronized (lock) {
      return image.map().entry(block) != BlockEntry.FREE;
    }
  }

  /** Whether the block lies in the file, or will after the next commit. */
  boolean hasPlace(int block) throws IOException {
    if (partialBlocks.containsKey(block)) return true;
    synchronized (lock) {
      return BlockEntry.isFileBlock(image.map().entry(block));
    }
  }

  /**
   * Makes this image decide a block as the images below show it, zeroes too; nobody who reads sees
   * a difference. In the change lane.
   */
  void bring(int block) throws IOException {
    if (decides(block)) return;
    know(block);
    if (isZeroBelow(firstUnit(block), endUnit(block))) {
      publishZero(block, -1);
    } else {
      int place = takePlace();
      try {
        chain.copyBelow(partialBlock(block, place), 0, visible(block), file);
      } catch (IOException e) {
        places.giveBack(place);
        throw e;
      }
      publish(block, place);
    }
    dirty.set(true);
  }

  private boolean isEmpty(long start, int length) throws IOException {
    return file.nextData(start, start + length) == start + length;
  }

  private long unit(int block, int within) {
    return diskOffset(block) + within >>> map.unitShift();
  }

  /**
   * Whether no image below holds anything but zeroes in these units; asked only where this image
   * holds nothing.
   */
  private boolean isZeroBelow(long first, long end) {
    for (long unit = first; unit < end; unit++) {
      long entry = map.entry(unit);
      if (entry != ChainMap.NONE && entry != ChainMap.ZERO) return false;
    }
    return true;
  }

  /** Makes the entries of all units of a block known. */
  private void know(int block) throws IOException {
    for (long unit = firstUnit(block); unit < endUnit(block); unit++) {
      if (!map.isKnown(unit)) chain.learn(unit);
    }
  }

  // ---- places in the file

  private int place(int block) throws IOException {
    synchronized (lock) {
      return image.map().entry(block);
    }
  }

  private int takePlace() throws IOException {
    if (partialBlocks.size() > MAX_PARTIAL_BLOCKS) completePartialBlocks();
    return places.take();
  }

  private void writeOrGiveBack(int place, long offset, MemorySegment source) throws IOException {
    try {
      file.write(offset, source);
    } catch (IOException e) {
      places.giveBack(place);
      throw e;
    }
  }

  /**
   * Makes the block one of which this image holds no sectors yet. A commit may complete it at once.
   */
  private void startPartial(int block) throws IOException {
    PartialBlock partial = partialBlock(block, takePlace());
    partial.lock.lock(); // until the map says so too, or it would overwrite what the commit says
    try {
      partialBlocks.put(block, partial);
      synchronized (lock) {
        for (long unit = firstUnit(block); unit < endUnit(block); unit++)
          map.set(unit, ChainMap.PARTIAL);
      }
    } finally {
      partial.lock.unlock();
    }
  }

  /** The block, at a place in which nothing was written yet, over what the images below hold. */
  private PartialBlock partialBlock(int block, int place) {
    long first = firstUnit(block);
    var below = new long[(int) (endUnit(block) - first)];
    for (int i = 0; i < below.length; i++) below[i] = map.entry(first + i);
    return new PartialBlock(
        block,
        place,
        diskOffset(block),
        image.blockOffset(place),
        visible(block),
        below,
        map.unitShift());
  }

  /**
   * The block is whole and lies at {@code place}: readers see it from now on, the file after the
   * next commit.
   */
  private void publish(int block, int place) throws IOException {
    synchronized (lock) {
      image.map().set(block, place);
      long fileOffset = image.blockOffset(place);
      for (long unit = firstUnit(block);
          unit < endUnit(block);
          unit++, fileOffset += map.unitSize()) {
        map.set(unit, ChainMap.at(index, fileOffset));
      }
    }
  }

  /** The block is zero, whatever lies below. */
  private void publishZero(int block, int freedPlace) throws IOException {
    synchronized (lock) {
      image.map().set(block, BlockEntry.ZERO);
      for (long unit = firstUnit(block); unit < endUnit(block); unit++)
        map.set(unit, ChainMap.ZERO);
      if (freedPlace >= 0) places.free(freedPlace);
    }
  }

  private void end(PartialBlock partial) {
    partial.end();
    partialBlocks.remove(partial.block, partial);
  }

  // ---- the parts of a commit

  boolean needsCommit() {
    synchronized (lock) {
      return image.map().hasChanges() || !partialBlocks.isEmpty() || places.areWaiting();
    }
  }

  /**
   * Copies what is missing into every block that was partial when this was called, and makes them
   * whole. A block for which this fails stays partial and keeps no other from becoming whole.
   *
   * @return the first failure, or null
   */
  @Nullable IOException completePartialBlocks() {
    IOException failure = null;
    for (PartialBlock partial : partialBlocks.values()) {
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
    if (partial.mayBeEmpty() && freesBlocks && isEmpty(partial.fileOffset, partial.visible)) {
      publishZero(partial.block, partial.place);
    } else {
      publish(partial.block, partial.place);
    }
    dirty.set(true);
    end(partial);
  }

  /**
   * Sets apart what the next commit makes durable; changes from now on belong to the one after it.
   */
  Commit beginCommit() {
    synchronized (lock) {
      boolean hasData = dirty.getAndSet(false);
      image.header(image.header().withAllocatedBlocks(image.allocator().count()));
      if (hasData && !image.isChanged()) image.changed(uuids.get());
      var commit =
          new Commit(hasData, image.map().hasChanges(), image.header(), places.takeFreed());
      image.map().beginCommit();
      return commit;
    }
  }

  /** Writes the header, which counts every place that was given out before the commit began. */
  void writeHeader(Commit commit) throws IOException {
    image.writeHeader(commit.header());
  }

  /** Writes the entries that {@link #beginCommit} set apart: their blocks are durable by now. */
  void writeEntries() throws IOException {
    image.map().write();
  }

  void sync() throws IOException {
    file.sync();
  }

  /**
   * The commit is durable: the places that it freed go back, once nobody reads or writes them any
   * more.
   */
  void endCommit(Commit commit) {
    synchronized (lock) {
      image.map().endCommit();
      places.leave(commit.freed());
    }
    places.recycle();
  }

  /** A commit failed: what it freed is freed by the next one. */
  void abandonCommit(Commit commit) {
    synchronized (lock) {
      places.putBackFreed(commit.freed());
      if (commit.hasData()) dirty.set(true);
    }
  }

  // ---- stopping and closing

  /** Refuses writes in place from now on, and waits for those that have begun. */
  void stopWrites() {
    stopped = true;
    writes.await();
  }

  void allowWrites() {
    stopped = false;
  }

  /**
   * Gives up the places that wait until nobody reads them any more. After a commit, while nothing
   * changes.
   *
   * @return makes them unused; to be run once those have left who read now
   */
  Runnable leavePlaces() {
    return places.surrender();
  }

  /**
   * Leaves the file dense, as {@link DenseFile} says. After the last commit.
   *
   * @param alsoUnchanged whether also what an earlier crash left goes away
   */
  void makeDense(boolean alsoUnchanged) throws IOException {
    places.recycle();
    if (alsoUnchanged) DenseFile.make(image, places);
    else DenseFile.makeIfChanged(image, places);
  }

  /** Cuts off what was reserved behind the last place, and moves nothing. After the last commit. */
  void cutFile() throws IOException {
    places.cutFile();
    file.sync();
  }
}
