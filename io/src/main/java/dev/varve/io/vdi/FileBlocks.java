package dev.varve.io.vdi;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file blocks of an image that is written: taken with space behind them, and emptied of what
 * discarded blocks held.
 *
 * <p>A block that is discarded keeps its file block, and its entry in the file keeps naming it. The
 * next commit makes a hole of the file block, so that the entry says the same as the zero mark that
 * VDI has for this; and the block finds its file block again when it is written. So the header's
 * count is at all times the number of entries that name a file block, and discarding costs no
 * change of the block map.
 *
 * <p>{@link #take}, {@link #takeBack} and {@link #release} belong to the change lane, {@link
 * #punchEmptied} to the commit beside it. What they share is guarded by {@link #emptied}, the
 * image's allocator by the map lock, which is taken here.
 */
final class FileBlocks {

  private static final long MAX_AHEAD = 16 << 20;

  private final VdiImage image;
  private final ImageFile file;
  private final MapLock lock;
  private final ReaderEpochs writes;

  private long reservedEnd;
  private long ahead;

  /** File blocks of blocks that are zero, in which their bytes still lie. Guarded by itself. */
  private final Map<Integer, Emptied> emptied = new LinkedHashMap<>();

  /** A file block that was emptied once: if it is taken back and emptied again, it has another. */
  private static final class Emptied {
    final int fileBlock;

    Emptied(int fileBlock) {
      this.fileBlock = fileBlock;
    }
  }

  /**
   * @param lock guards the image's allocator
   * @param writes the writes in place that are being carried out
   */
  FileBlocks(VdiImage image, MapLock lock, ReaderEpochs writes) {
    this.image = image;
    this.file = image.file();
    this.lock = lock;
    this.writes = writes;
  }

  /** Where in the file a file block begins, with the bytes in front of its block. */
  private long start(int fileBlock) {
    return image.blockOffset(fileBlock) - image.header().blockExtra();
  }

  // ---- taken

  /** Takes a file block whose bytes are zero and have space on the host. */
  int take() throws IOException {
    int fileBlock;
    boolean appended;
    boolean stale;
    synchronized (lock) {
      BlockAllocator free = image.allocator();
      int count = free.count();
      fileBlock = free.allocate();
      // The format has a file block for each block, and each block has one at most.
      if (fileBlock < 0) throw new IllegalStateException(file.name() + ": no file block is left");
      appended = fileBlock >= count;
      stale = free.takeStale(fileBlock);
    }
    try {
      prepare(fileBlock, appended, stale);
      return fileBlock;
    } catch (IOException e) {
      release(fileBlock);
      throw e;
    }
  }

  /** Takes this file block, which is unused, as {@link #take()} does. */
  void take(int fileBlock) throws IOException {
    boolean stale = takeUnused(fileBlock);
    try {
      prepare(fileBlock, false, stale);
    } catch (IOException e) {
      release(fileBlock);
      throw e;
    }
  }

  /** Takes this file block, which is unused, as a hole. */
  void takeEmpty(int fileBlock) throws IOException {
    boolean stale = takeUnused(fileBlock);
    try {
      if (stale) punch(fileBlock);
    } catch (IOException e) {
      release(fileBlock);
      throw e;
    }
  }

  /** Whether its bytes may be anything. */
  private boolean takeUnused(int fileBlock) {
    synchronized (lock) {
      image.allocator().take(fileBlock);
      return image.allocator().takeStale(fileBlock);
    }
  }

  private void prepare(int fileBlock, boolean appended, boolean stale) throws IOException {
    if (stale) punch(fileBlock);
    if (appended && !stale) reserveAhead(fileBlock);
    else file.reserve(start(fileBlock), image.header().stride());
  }

  private void punch(int fileBlock) throws IOException {
    file.punch(start(fileBlock), image.header().stride());
  }

  /**
   * Reserves space for a file block at the end of the file, and for the next ones with it: a
   * reservation costs the host about the same whatever its length. Closing cuts off what was not
   * used.
   */
  private void reserveAhead(int fileBlock) throws IOException {
    long start = start(fileBlock);
    long stride = image.header().stride();
    if (start + stride <= reservedEnd) return;
    long room = (image.header().blockCount() - fileBlock) * stride;
    long length = Math.min(room, Math.max(stride, ahead));
    try {
      file.reserve(start, length);
      ahead = Math.min(2 * length, MAX_AHEAD);
    } catch (OutOfSpaceException e) {
      if (length == stride) throw e;
      length = stride; // perhaps there is space for this one
      file.reserve(start, length);
      ahead = 0;
    }
    reservedEnd = start + length;
  }

  /**
   * Returns a file block that no entry named; what may have been written there goes away before it
   * is used again.
   */
  void release(int fileBlock) {
    synchronized (lock) {
      image.allocator().releaseStale(fileBlock);
    }
  }

  // ---- emptied

  /** The block at this file block has become zero; what lies there goes with the next commit. */
  void emptied(int fileBlock) {
    synchronized (emptied) {
      emptied.put(fileBlock, new Emptied(fileBlock));
    }
  }

  /**
   * Has space behind the file block of an emptied block, which is about to be written again.
   *
   * @param overwritten whether all of the block will be; else its bytes are zero afterwards
   */
  void takeBack(int fileBlock, boolean overwritten) throws IOException {
    synchronized (emptied) {
      if (!overwritten && emptied.containsKey(fileBlock)) {
        writes.await();
        punch(fileBlock);
      }
      file.reserve(start(fileBlock), image.header().stride());
      emptied.remove(fileBlock);
    }
  }

  /** Whether file blocks wait to be emptied. */
  boolean areWaiting() {
    synchronized (emptied) {
      return !emptied.isEmpty();
    }
  }

  /**
   * Gives the space of all emptied file blocks back to the host, so that they read as zeroes. Those
   * of which this fails are tried again the next time.
   */
  void punchEmptied() throws IOException {
    List<Emptied> waiting;
    synchronized (emptied) {
      if (emptied.isEmpty()) return;
      waiting = List.copyOf(emptied.values());
    }
    writes.await(); // a write that found a block before it was emptied may land there until now
    for (Emptied each : waiting) {
      synchronized (emptied) {
        if (emptied.get(each.fileBlock) != each) continue; // taken back meanwhile
        punch(each.fileBlock);
        emptied.remove(each.fileBlock);
      }
    }
  }

  // ---- the end of the file

  /** Whether the file goes on behind the highest file block in use. */
  boolean endsBeforeFile() throws IOException {
    return file.length() > start(image.allocator().count());
  }

  /**
   * Cuts the file behind the highest file block in use, and what was reserved behind it with it.
   */
  void cutFile() throws IOException {
    if (endsBeforeFile()) file.setLength(start(image.allocator().count()));
    reservedEnd = 0;
  }
}
