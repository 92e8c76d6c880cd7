package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.posix.Posix;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Writes to ranges that have a place in the top image already. These are the only writes to an
 * image on event loops. Thread-safe.
 */
final class WritesInPlace {

  private static final int NONE = -1;

  private final TopBlocks blocks;
  private final ChainReader chain;
  private final Layer image;
  private final ChangeNotes notes;

  /** The writes that are being carried out. */
  private final ReaderEpochs writes;

  /** The block to which no write begins. */
  private volatile int frozen = NONE;

  private volatile boolean stopped;

  WritesInPlace(TopBlocks blocks, ChainReader chain, ChangeNotes notes, ReaderEpochs writes) {
    this.blocks = blocks;
    this.chain = chain;
    this.image = blocks.image;
    this.notes = notes;
    this.writes = writes;
  }

  /**
   * Writes to a range that the image holds whole.
   *
   * @param mayWait whether the caller may wait; if not, this refuses a write that must first read a
   *     page which is not resident, and a write to a block that another thread is changing
   * @return false if the range must go through {@link TopImage#write}, if writes are stopped, or if
   *     the caller may not wait and the host would make it wait; the caller must then write the
   *     whole range again
   */
  boolean write(long offset, MemorySegment memory, long from, long length, boolean mayWait)
      throws IOException {
    int ticket = writes.enter();
    try {
      if (stopped) return false;
      return allHere(offset, length, mayWait)
          ? writeAll(offset, memory, from, length, mayWait)
          : blocks.entryAt(offset) == ChainMap.PARTIAL
              && writeSectors(offset, memory, from, length, mayWait);
    } finally {
      writes.exit(ticket);
    }
  }

  /** Whether {@link #write} can probably serve an offset; a guess that costs one look-up. */
  boolean isWorthATry(long offset) {
    long entry = blocks.entryAt(offset);
    return blocks.isHere(entry) || entry == ChainMap.PARTIAL;
  }

  private boolean allHere(long offset, long length, boolean mayWait) {
    int frozen = this.frozen;
    long end = offset + length;
    boolean wholePages = true;
    for (long at = offset; at < end; ) {
      long entry = blocks.entryAt(at);
      if (!blocks.isHere(entry) || blocks.block(at) == frozen) return false;
      long next = Math.min(end, blocks.diskOffset(blocks.block(at) + 1));
      wholePages &= isWholePages(blocks.fileOffset(entry, at), next - at);
      at = next;
    }
    return mayWait || wholePages || chain.isResident(offset, (int) length);
  }

  /**
   * Whether the range covers whole pages of the file, so that none must be read before the write.
   */
  private static boolean isWholePages(long fileOffset, long length) {
    return ((fileOffset | length) & Posix.PAGE_SIZE - 1) == 0;
  }

  private boolean writeAll(
      long offset, MemorySegment memory, long from, long length, boolean mayWait)
      throws IOException {
    try {
      for (long done = 0; done < length; ) {
        long at = offset + done;
        long run = Math.min(length - done, image.blockSize() - blocks.within(at));
        long entry = blocks.entryAt(at);
        if (entry == ChainMap.UNKNOWN) return false; // dropped since the look, see MapMemory
        // A concurrent discard has made the block zero. The write counts as the earlier of the two.
        if (blocks.isHere(entry)
            && !put(
                blocks.file(entry),
                blocks.fileOffset(entry, at),
                memory,
                from + done,
                run,
                mayWait)) {
          return false;
        }
        done += run;
      }
      return true;
    } finally {
      notes.changed(offset, length);
    }
  }

  private static boolean put(
      ImageFile file,
      long fileOffset,
      MemorySegment memory,
      long from,
      long length,
      boolean mayWait)
      throws IOException {
    if (!mayWait) return file.tryWrite(fileOffset, memory, from, length);
    file.write(fileOffset, memory.asSlice(from, length));
    return true;
  }

  private boolean writeSectors(
      long offset, MemorySegment memory, long from, long length, boolean mayWait)
      throws IOException {
    int within = blocks.within(offset);
    PartialBlock partial = blocks.partial(blocks.block(offset));
    if (partial == null
        || within + length > partial.visible
        || !mayWait && ((partial.fileOffset + within | length) & Posix.PAGE_SIZE - 1) != 0)
      return false;
    if (mayWait) partial.lock.lock();
    else if (!partial.lock.tryLock()) return false;
    try {
      if (partial.ended()
          || !partial.takes(within, (int) length)
          || !put(partial.file, partial.fileOffset + within, memory, from, length, mayWait)) {
        return false;
      }
      partial.mark(within, (int) length);
      return true;
    } finally {
      partial.lock.unlock();
      notes.changed(offset, length);
    }
  }

  // ---- kept out

  /** A change that must not run in parallel to a write to the same block. */
  interface Change {
    void make() throws IOException;
  }

  /** Makes a change while no write to the block is running; one change at a time. Waits. */
  void without(int block, Change change) throws IOException {
    frozen = block; // no write to it begins; then wait for those that have begun
    try {
      writes.await();
      change.make();
    } finally {
      frozen = NONE;
    }
  }

  /** Waits for the writes that have begun. */
  void await() {
    writes.await();
  }

  /** Refuses writes from now on, and waits for those that have begun. */
  void stop() {
    stopped = true;
    writes.await();
  }

  void allow() {
    stopped = false;
  }
}
