package dev.varve.io.chain;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.Grace;
import dev.varve.io.vdi.BlockAllocator;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The places of the top image's file: taken with space behind them, and used again only once nobody
 * needs what they held.
 *
 * <p>A place that a block gives up is <i>freed</i>; when a commit has made that durable it is
 * <i>leaving</i>; when nobody reads or writes it any more its space goes back to the host and it is
 * unused. {@link #take} and {@link #giveBack} belong to the change lane. What the lane shares with
 * the flusher is guarded by the lock that is passed in.
 */
final class Places {

  private static final long MAX_AHEAD = 16 << 20;

  private final VdiImage image;
  private final ImageFile file;
  private final Object lock;
  private final Grace reads;
  private final Grace writes;

  private long reservedEnd;
  private long ahead;
  private List<Integer> freed = new ArrayList<>();
  private final List<Leaving> leaving = new ArrayList<>();

  /** A freed place that somebody may still be reading. */
  private record Leaving(int place, long readEpoch) {}

  /**
   * @param lock guards the image's allocator, and what was freed
   */
  Places(VdiImage image, Object lock, Grace reads, Grace writes) {
    this.image = image;
    this.file = image.file();
    this.lock = lock;
    this.reads = reads;
    this.writes = writes;
  }

  /** Where in the file a place begins, with the bytes in front of its block. */
  private long start(int place) {
    return image.blockOffset(place) - image.header().blockExtra();
  }

  /**
   * Takes a place whose bytes are zero and have space on the host.
   *
   * @throws NoPlaceException if none is unused and the format allows no more
   */
  int take() throws IOException {
    int place;
    boolean appended;
    boolean stale;
    synchronized (lock) {
      BlockAllocator places = image.allocator();
      int count = places.count();
      place = places.allocate();
      if (place < 0) throw new NoPlaceException(file.name());
      appended = place >= count;
      stale = places.takeStale(place);
    }
    try {
      if (stale) file.punch(start(place), image.header().stride());
      if (appended && !stale) reserveAhead(place);
      else file.reserve(start(place), image.header().stride());
      return place;
    } catch (IOException e) {
      giveBack(place);
      throw e;
    }
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

  /** A block has given up its place, in memory; the lock is held. */
  void free(int place) {
    freed.add(place);
  }

  /** The places that the commit which begins will have freed; the lock is held. */
  List<Integer> takeFreed() {
    List<Integer> taken = freed;
    freed = new ArrayList<>();
    return taken;
  }

  /** The commit failed: the next one frees them; the lock is held. */
  void putBackFreed(List<Integer> places) {
    freed.addAll(places);
  }

  /** The commit is durable: no entry names these places after a crash; the lock is held. */
  void leave(List<Integer> places) {
    for (int place : places) leaving.add(new Leaving(place, reads.epoch()));
  }

  /** Whether places wait to be used again; the lock is held. */
  boolean areWaiting() {
    return !freed.isEmpty() || !leaving.isEmpty();
  }

  /**
   * Gives up those that are freed or leaving: this object does not think of them any more.
   *
   * @return makes them unused; to be run once those have left who read now
   */
  Runnable surrender() {
    List<Integer> surrendered;
    synchronized (lock) {
      surrendered = takeFreed();
      for (Leaving gone : leaving) surrendered.add(gone.place());
      leaving.clear();
    }
    return () -> surrendered.forEach(this::giveBack);
  }

  /** Makes unused those leaving places that nobody reads or writes any more. May wait. */
  void recycle() {
    List<Integer> left = new ArrayList<>();
    synchronized (lock) {
      if (leaving.isEmpty()) return;
      leaving.removeIf(
          gone -> {
            boolean passed = reads.passed(gone.readEpoch());
            if (passed) left.add(gone.place());
            return passed;
          });
    }
    writes.await(); // a write that found the block before it was freed may land there until now
    for (int place : left) {
      boolean empty = punched(place);
      synchronized (lock) {
        if (empty) image.allocator().release(place);
        else image.allocator().releaseStale(place);
      }
    }
  }

  /**
   * Gives a place's space back to the host; if that fails it is tried again before its next use.
   */
  private boolean punched(int place) {
    try {
      file.punch(start(place), image.header().stride());
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /** Cuts the file behind the highest place in use, and what was reserved behind it with it. */
  void cutFile() throws IOException {
    long end = start(image.allocator().count());
    if (file.length() > end) file.setLength(end);
  }

  /**
   * The format has a place for each block and all are taken or waiting to be free: a commit makes
   * room.
   */
  static final class NoPlaceException extends IOException {
    private static final long serialVersionUID = 1;

    NoPlaceException(String name) {
      super(name + ": every place of the file is in use or waits for a commit");
    }
  }
}
