package dev.varve.io.chain;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.ReaderEpochs;
import dev.varve.io.vdi.BlockAllocator;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The places of the top image's file: taken with space behind them, and emptied of what discarded
 * blocks held.
 *
 * <p>A block that is discarded keeps its place, and its entry in the file keeps naming it. The next
 * commit makes a hole of the place, so that the entry says the same as the zero mark that VDI has
 * for this; and the block finds its place again when it is written. So the header's count is at all
 * times the number of entries that name a place, and discarding costs no change of the block map.
 *
 * <p>{@link #take}, {@link #takeBack} and {@link #giveBack} belong to the change lane, {@link
 * #punchEmptied} to the flusher beside it. What they share is guarded by {@link #emptied}, the
 * image's allocator by the lock that is passed in.
 */
final class Places {

  private static final long MAX_AHEAD = 16 << 20;

  private final VdiImage image;
  private final ImageFile file;
  private final Object lock;
  private final ReaderEpochs writes;

  private long reservedEnd;
  private long ahead;

  /** Places of blocks that are zero, in which their bytes still lie. Guarded by itself. */
  private final Map<Integer, Emptied> emptied = new LinkedHashMap<>();

  /** A place that was emptied once: if it is taken back and emptied again, it has another. */
  private static final class Emptied {
    final int place;

    Emptied(int place) {
      this.place = place;
    }
  }

  /**
   * @param lock guards the image's allocator
   * @param writes whoever writes in place
   */
  Places(VdiImage image, Object lock, ReaderEpochs writes) {
    this.image = image;
    this.file = image.file();
    this.lock = lock;
    this.writes = writes;
  }

  /** Where in the file a place begins, with the bytes in front of its block. */
  private long start(int place) {
    return image.blockOffset(place) - image.header().blockExtra();
  }

  // ---- taken

  /** Takes a place whose bytes are zero and have space on the host. */
  int take() throws IOException {
    int place;
    boolean appended;
    boolean stale;
    synchronized (lock) {
      BlockAllocator places = image.allocator();
      int count = places.count();
      place = places.allocate();
      // The format has a place for each block, and each block has one at most.
      if (place < 0) throw new IllegalStateException(file.name() + ": no place is left");
      appended = place >= count;
      stale = places.takeStale(place);
    }
    try {
      prepare(place, appended, stale);
      return place;
    } catch (IOException e) {
      giveBack(place);
      throw e;
    }
  }

  /** Takes this place, which is unused, as {@link #take()} does. */
  void take(int place) throws IOException {
    boolean stale = takeUnused(place);
    try {
      prepare(place, false, stale);
    } catch (IOException e) {
      giveBack(place);
      throw e;
    }
  }

  /** Takes this place, which is unused, as a hole. */
  void takeEmpty(int place) throws IOException {
    boolean stale = takeUnused(place);
    try {
      if (stale) punch(place);
    } catch (IOException e) {
      giveBack(place);
      throw e;
    }
  }

  /** Whether its bytes may be anything. */
  private boolean takeUnused(int place) {
    synchronized (lock) {
      image.allocator().take(place);
      return image.allocator().takeStale(place);
    }
  }

  private void prepare(int place, boolean appended, boolean stale) throws IOException {
    if (stale) punch(place);
    if (appended && !stale) reserveAhead(place);
    else file.reserve(start(place), image.header().stride());
  }

  private void punch(int place) throws IOException {
    file.punch(start(place), image.header().stride());
  }

  /**
   * Reserves space for a place at the end of the file, and for the next ones with it: a reservation
   * costs the host about the same whatever its length. Closing cuts off what was not used.
   */
  private void reserveAhead(int place) throws IOException {
    long start = start(place);
    long stride = image.header().stride();
    if (start + stride <= reservedEnd) return;
    long room = (image.header().blockCount() - place) * stride;
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
   * Returns a place that no entry named; what may have been written there goes away before it is
   * used again.
   */
  void giveBack(int place) {
    synchronized (lock) {
      image.allocator().releaseStale(place);
    }
  }

  // ---- emptied

  /** The block at this place has become zero; what lies there goes with the next commit. */
  void emptied(int place) {
    synchronized (emptied) {
      emptied.put(place, new Emptied(place));
    }
  }

  /**
   * Has space behind the place of an emptied block, which is about to be written again.
   *
   * @param overwritten whether all of the block will be; else its bytes are zero afterwards
   */
  void takeBack(int place, boolean overwritten) throws IOException {
    synchronized (emptied) {
      if (!overwritten && emptied.containsKey(place)) {
        writes.await();
        punch(place);
      }
      file.reserve(start(place), image.header().stride());
      emptied.remove(place);
    }
  }

  /** Whether places wait to be emptied. */
  boolean areWaiting() {
    synchronized (emptied) {
      return !emptied.isEmpty();
    }
  }

  /**
   * Gives the space of all emptied places back to the host, so that they read as zeroes. Those of
   * which this fails are tried again the next time.
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
        if (emptied.get(each.place) != each) continue; // taken back meanwhile
        punch(each.place);
        emptied.remove(each.place);
      }
    }
  }

  // ---- the end of the file

  /** Whether the file goes on behind the highest place in use. */
  boolean endsBeforeFile() throws IOException {
    return file.length() > start(image.allocator().count());
  }

  /** Cuts the file behind the highest place in use, and what was reserved behind it with it. */
  void cutFile() throws IOException {
    if (endsBeforeFile()) file.setLength(start(image.allocator().count()));
    reservedEnd = 0;
  }
}
