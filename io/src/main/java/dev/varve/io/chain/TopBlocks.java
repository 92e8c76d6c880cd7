package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the blocks of the top image lie, whole or in part, and their entries in the chain's map.
 *
 * <p>Any thread may look blocks up. Blocks change in the device's change lane and when a commit
 * completes them. The map lock guards their places and the entries of the chain's map; this class
 * takes it.
 */
final class TopBlocks {

  final Layer image;
  private final MapLock lock;
  private final LayerWriter writer;

  /** The index of the image's first file in the entries of the chain's map. */
  private final int firstFile;

  private final ChainReader chain;
  private final ChainMap map;
  private final ConcurrentHashMap<Integer, PartialBlock> partial = new ConcurrentHashMap<>();
  private final int blockShift;
  private final int unitsPerBlockShift;

  TopBlocks(Layer image, LayerWriter writer, ChainReader chain) {
    this.lock = chain.lock;
    this.image = image;
    this.writer = writer;
    this.firstFile = chain.firstFileOfTop();
    this.chain = chain;
    this.map = chain.map();
    this.blockShift = Integer.numberOfTrailingZeros(image.blockSize());
    this.unitsPerBlockShift = blockShift - map.unitShift();
  }

  // ---- the disk in blocks, and blocks in units of the chain's map

  int block(long offset) {
    return (int) (offset >>> blockShift);
  }

  int within(long offset) {
    return (int) offset & image.blockSize() - 1;
  }

  long diskOffset(int block) {
    return (long) block << blockShift;
  }

  /** How many bytes of the block the guest sees. */
  int visible(int block) {
    return (int) Math.clamp(image.capacity() - diskOffset(block), 0L, image.blockSize());
  }

  private long firstUnit(int block) {
    return (long) block << unitsPerBlockShift;
  }

  private long endUnit(int block) {
    return Math.min(firstUnit(block + 1), map.units());
  }

  // ---- what is where

  /**
   * The entry of the chain's map for the piece of the disk at {@code offset}, which may be unknown.
   */
  long entryAt(long offset) {
    return map.entry(offset >>> map.unitShift());
  }

  /**
   * The entry of the block's first unit. If this image decides the block, the others are of the
   * same kind. May wait.
   */
  long entry(int block) throws IOException {
    return chain.entry(firstUnit(block));
  }

  /** Whether an entry points into this image. */
  boolean isHere(long entry) {
    return ChainMap.isStored(entry) && ChainMap.file(entry) >= firstFile;
  }

  /** The place that an entry names which points into this image. */
  long placeAt(long entry) {
    return Place.at(ChainMap.file(entry) - firstFile, ChainMap.fileOffset(entry));
  }

  /** Where the byte at {@code offset} of the disk lies in the file, by its entry. */
  long fileOffset(long entry, long offset) {
    return ChainMap.fileOffset(entry) + (offset & map.unitSize() - 1);
  }

  /** The file that the entry points into. Only for an entry that {@link #isHere}. */
  ImageFile file(long entry) {
    return chain.file(entry);
  }

  /** The place of a block that has one, even if the block is zero; else negative. */
  long place(int block) throws IOException {
    return writer.placeOf(block);
  }

  /**
   * Whether this image decides what a block holds, now or after the next commit has completed it.
   */
  boolean decides(int block) throws IOException {
    if (partial.containsKey(block)) return true;
    synchronized (lock) {
      long place = image.find(diskOffset(block), visible(block));
      return place != Place.FREE && place != Place.MIXED;
    }
  }

  /** Whether this image holds some of a block, now or after the next commit. */
  boolean holdsSome(int block) throws IOException {
    if (partial.containsKey(block)) return true;
    synchronized (lock) {
      return image.find(diskOffset(block), visible(block)) != Place.FREE;
    }
  }

  /** Whether the block has a place in the file, now or after the next commit. */
  boolean hasPlace(int block) throws IOException {
    return partial.containsKey(block) || place(block) >= 0;
  }

  /**
   * Whether the image's file holds only some sectors of a block, and the block is not partial yet.
   */
  boolean isMixed(int block) throws IOException {
    if (entry(block) != ChainMap.SPLIT) return false;
    synchronized (lock) {
      return image.find(diskOffset(block), visible(block)) == Place.MIXED;
    }
  }

  /**
   * Whether the images below hold only zeroes in a block. Only for a block that this image does not
   * hold. May wait.
   */
  boolean isZeroBelow(int block) throws IOException {
    return areZero(firstUnit(block), endUnit(block));
  }

  /** The same for the units that a part of the block touches. */
  boolean isZeroBelow(int block, int within, int length) throws IOException {
    long start = diskOffset(block) + within;
    return areZero(start >>> map.unitShift(), (start + length - 1 >>> map.unitShift()) + 1);
  }

  private boolean areZero(long first, long end) throws IOException {
    for (long unit = first; unit < end; unit++) {
      long entry = chain.entry(unit);
      if (entry != ChainMap.NONE && entry != ChainMap.ZERO) return false;
    }
    return true;
  }

  // ---- whole blocks

  /**
   * Makes the block whole, at {@code place}. Readers find it there from now on; the file has it
   * after the next commit.
   */
  void publish(int block, long place) throws IOException {
    synchronized (lock) {
      writer.publish(block, place);
      int file = firstFile + Place.file(place);
      long fileOffset = Place.offset(place);
      for (long unit = firstUnit(block);
          unit < endUnit(block);
          unit++, fileOffset += map.unitSize()) {
        map.set(unit, ChainMap.at(file, fileOffset));
      }
    }
  }

  /** Makes the block zero, without a place. It hides what lies below. */
  void publishZero(int block) throws IOException {
    synchronized (lock) {
      writer.publishZero(block);
      setUnits(block, ChainMap.ZERO);
    }
  }

  /**
   * Makes the block zero. It hides what lies below and keeps its place, which the next commit
   * punches out.
   */
  void publishEmptied(int block, long place) throws IOException {
    synchronized (lock) {
      writer.publishEmptied(block, place);
      setUnits(block, ChainMap.ZERO);
    }
    writer.emptied(place);
  }

  private void setUnits(int block, long entry) {
    assert lock.isHeld();
    for (long unit = firstUnit(block); unit < endUnit(block); unit++) map.set(unit, entry);
  }

  // ---- partial blocks

  /**
   * The partial block with this number; null if the block is not partial, or has just become whole.
   */
  @Nullable PartialBlock partial(int block) {
    return partial.get(block);
  }

  Collection<PartialBlock> allPartial() {
    return partial.values();
  }

  int partialCount() {
    return partial.size();
  }

  /**
   * A new partial block at a place where nothing was written yet, over the images below. May wait.
   */
  PartialBlock partialAt(int block, long place) throws IOException {
    long first = firstUnit(block);
    var below = new long[(int) (endUnit(block) - first)];
    for (int i = 0; i < below.length; i++) below[i] = chain.entry(first + i);
    return new PartialBlock(
        block,
        place,
        image.files().get(Place.file(place)),
        diskOffset(block),
        visible(block),
        below,
        map.unitShift());
  }

  /**
   * Makes the block partial, with the sectors that the image holds already. A commit may complete
   * it at once.
   *
   * @param place where nothing else was written yet
   */
  void startPartial(int block, long place) throws IOException {
    PartialBlock started = partialAt(block, place);
    started.lock.lock(); // until the map is changed too: else that could undo a commit's change
    try {
      markHeld(started);
      partial.put(block, started);
      synchronized (lock) {
        setUnits(block, ChainMap.PARTIAL);
      }
    } finally {
      started.lock.unlock();
    }
  }

  private void markHeld(PartialBlock started) throws IOException {
    synchronized (lock) {
      for (int within = 0; within < started.visible; ) {
        long offset = started.diskOffset + within;
        int run = image.run(offset, started.visible - within);
        if (Place.isStored(image.find(offset, run))) started.mark(within, run);
        within += run;
      }
    }
  }

  /** Ends the partial state of a block, after its new state was published. */
  void endPartial(PartialBlock ended) {
    assert ended.lock.isHeldByCurrentThread();
    ended.end();
    partial.remove(ended.block, ended);
  }
}
