package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.SpaceAhead;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The file blocks of an image that is being written: allocates them with space on the host, and
 * frees the space of discarded blocks.
 *
 * <p>A discarded block keeps its file block, and its entry in the file still names that file block.
 * The next commit punches the file block out, so that the block reads as zeroes just as with VDI's
 * zero mark. When the block is written again, it uses the same file block. Thus the header's count
 * always equals the number of entries that name a file block, and a discard does not change the
 * block map in the file.
 *
 * <p>{@link #take}, {@link #takeBack} and {@link #release} run in the change lane, {@link
 * #punchEmptied} in a commit, in parallel to it. The map {@link #emptied} guards the state that
 * they share. The map lock, which this class takes, guards the image's allocator.
 */
final class FileBlocks {

  private final VdiImage image;
  private final ImageFile file;
  private final MapLock lock;
  private final ReaderEpochs writes;

  private final SpaceAhead space;
  private volatile boolean committing;

  /** The file blocks of emptied blocks that still hold old bytes. Guarded by itself. */
  private final Map<Integer, Emptied> emptied = new LinkedHashMap<>();

  /**
   * One emptying of a file block: if the file block is taken back and emptied again, it gets
   * another of these.
   */
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
    this.space = new SpaceAhead(file);
    this.lock = lock;
    this.writes = writes;
  }

  /** The offset in the file at which a file block begins, its extra bytes included. */
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
      // The format has as many file blocks as blocks, and a block uses one at most.
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

  /** Takes this file block, which must be unused, as {@link #take()} does. */
  void take(int fileBlock) throws IOException {
    boolean stale = takeUnused(fileBlock);
    try {
      prepare(fileBlock, false, stale);
    } catch (IOException e) {
      release(fileBlock);
      throw e;
    }
  }

  /** Takes this file block, which must be unused, as a hole. */
  void takeEmpty(int fileBlock) throws IOException {
    boolean stale = takeUnused(fileBlock);
    try {
      if (stale) punch(fileBlock);
    } catch (IOException e) {
      release(fileBlock);
      throw e;
    }
  }

  /** Takes an unused file block; returns whether its bytes may be other than zero. */
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

  private void reserveAhead(int fileBlock) throws IOException {
    long start = start(fileBlock);
    long stride = image.header().stride();
    long room = (image.header().blockCount() - fileBlock) * stride;
    space.reserve(start, stride, start + room);
  }

  /** Returns a file block that no entry named. Its bytes are zeroed before it is used again. */
  void release(int fileBlock) {
    synchronized (lock) {
      image.allocator().releaseStale(fileBlock);
    }
  }

  // ---- emptied

  /** Notes that the block of this file block has become zero. The next commit removes its bytes. */
  void emptied(int fileBlock) {
    synchronized (emptied) {
      emptied.put(fileBlock, new Emptied(fileBlock));
    }
  }

  /**
   * Prepares the file block of an emptied block for a new write: it has space on the host
   * afterwards.
   *
   * @param overwritten whether the caller writes all of the block; if not, its bytes are zero
   *     afterwards
   */
  void takeBack(int fileBlock, boolean overwritten) throws IOException {
    synchronized (emptied) {
      // The commit promises zeroes, and its sync may come before the caller has written.
      if ((!overwritten || committing) && emptied.containsKey(fileBlock)) {
        writes.await();
        punch(fileBlock);
      }
      file.reserve(start(fileBlock), image.header().stride());
      emptied.remove(fileBlock);
    }
  }

  /** A commit begins or ends, with which the blocks emptied before it become zero durably. */
  void committing(boolean committing) {
    this.committing = committing;
  }

  /** Whether there are emptied file blocks that still hold old bytes. */
  boolean areWaiting() {
    synchronized (emptied) {
      return !emptied.isEmpty();
    }
  }

  /**
   * Gives the space of all emptied file blocks back to the host, so that they read as zeroes. The
   * next call tries those again for which this fails.
   */
  void punchEmptied() throws IOException {
    List<Emptied> waiting;
    synchronized (emptied) {
      if (emptied.isEmpty()) return;
      waiting = List.copyOf(emptied.values());
    }
    writes.await(); // for writes that found the block before it was emptied
    for (Emptied each : waiting) {
      synchronized (emptied) {
        if (emptied.get(each.fileBlock) != each) continue; // it was taken back
        punch(each.fileBlock);
        emptied.remove(each.fileBlock);
      }
    }
  }

  // ---- the end of the file

  /** Whether the file is longer than the highest file block in use requires. */
  boolean endsBeforeFile() throws IOException {
    return file.length() > start(image.allocator().count());
  }

  /** Cuts the file behind the highest file block in use, with the space that was reserved there. */
  void cutFile() throws IOException {
    if (endsBeforeFile()) file.setLength(start(image.allocator().count()));
    space.cut();
  }
}
