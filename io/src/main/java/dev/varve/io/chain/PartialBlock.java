package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Place;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A block of the top image of which only some sectors were written so far; the images below still
 * hold the others. It puts off the copy-on-write of the whole block, which VDI wants, until the
 * block becomes durable, and saves it if the guest fills the block before.
 *
 * <p>The file has space for all of the block, which reads as zeroes where nothing was written.
 * Readers take no lock: a sector that is marked stays so. Who writes sectors, or ends this state,
 * holds {@link #lock}.
 */
final class PartialBlock {

  static final int SECTOR = 512;

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  /** Held by whoever writes, copies or frees; event loops only try. */
  final ReentrantLock lock = new ReentrantLock();

  /** Which block of the top image this is. */
  final int block;

  /** The place that it has in the image's files. */
  final long place;

  /** The file that has the place. */
  final ImageFile file;

  /** Offset on the disk of the first byte. */
  final long diskOffset;

  /** Offset in the file of the first byte. */
  final long fileOffset;

  /** How many bytes of it the guest sees. */
  final int visible;

  private final long[] below;
  private final int unitShift;
  private final long[] sectors;
  private boolean ended;
  private boolean mayBeEmpty;

  /**
   * @param below the entries of the block's units as they are without this block
   */
  PartialBlock(
      int block,
      long place,
      ImageFile file,
      long diskOffset,
      int visible,
      long[] below,
      int unitShift) {
    this.block = block;
    this.place = place;
    this.file = file;
    this.fileOffset = Place.offset(place);
    this.diskOffset = diskOffset;
    this.visible = visible;
    this.below = below;
    this.unitShift = unitShift;
    this.sectors = new long[Math.ceilDiv(visible, SECTOR * Long.SIZE)];
  }

  /** The entry of the images below for the unit that holds the byte at {@code within}. */
  long below(int within) {
    return below[within >>> unitShift];
  }

  /** How many bytes from {@code within} on have the same entry below. */
  int toUnitEnd(int within) {
    return (1 << unitShift) - (within & (1 << unitShift) - 1);
  }

  /** Whether the byte at {@code within} is in the top image. */
  boolean isMarked(int within) {
    int sector = within / SECTOR;
    return ((long) WORDS.getAcquire(sectors, sector / Long.SIZE) >>> sector & 1) != 0;
  }

  /**
   * How many of the {@code limit} bytes from {@code within} on are {@code marked}; the first of
   * them was found so.
   */
  int run(int within, int limit, boolean marked) {
    int first = within / SECTOR;
    int end = Math.ceilDiv(within + limit, SECTOR);
    return Math.min(limit, firstOther(first + 1, end, marked) * SECTOR - within);
  }

  private int firstOther(int first, int end, boolean marked) {
    long flip = marked ? -1L : 0;
    for (int sector = first; sector < end; ) {
      long others = ((long) WORDS.getAcquire(sectors, sector / Long.SIZE) ^ flip) >>> sector;
      if (others != 0) return Math.min(end, sector + Long.numberOfTrailingZeros(others));
      sector = (sector / Long.SIZE + 1) * Long.SIZE;
    }
    return end;
  }

  /** Marks whole sectors as being in the top image, after they were written; the lock is held. */
  void mark(int within, int length) {
    int end = Math.ceilDiv(within + length, SECTOR);
    for (int sector = within / SECTOR; sector < end; ) {
      int word = sector / Long.SIZE;
      int last = Math.min(end, (word + 1) * Long.SIZE);
      long bits = -1L >>> Long.SIZE - (last - sector) << sector;
      WORDS.setRelease(sectors, word, sectors[word] | bits);
      sector = last;
    }
  }

  /**
   * Notes that sectors were marked that hold zeroes, so that the whole block may turn out to be
   * empty.
   */
  void markZero(int within, int length) {
    mayBeEmpty = true;
    mark(within, length);
  }

  /** Whether {@link #markZero} was ever called. */
  boolean mayBeEmpty() {
    return mayBeEmpty;
  }

  /**
   * Whether a write of this range needs nothing from below: it covers whole sectors, or marked
   * ones.
   */
  boolean takes(int within, int length) {
    int end = within + length;
    return (within % SECTOR == 0 || isMarked(within))
        && (end % SECTOR == 0 || end == visible || isMarked(end));
  }

  /**
   * Whether the block has become a whole one, or was given up: its lock is held, and the caller
   * looks again.
   */
  boolean ended() {
    return ended;
  }

  void end() {
    ended = true;
  }
}
