package dev.varve.io.chain;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Place;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A block of the top image of which only some sectors have been written; the images below hold the
 * others. VDI requires a copy-on-write of the whole block. A partial block delays that copy until
 * the block becomes durable, and needs no copy if the guest fills the block before.
 *
 * <p>The file has space for the whole block, which reads as zeroes where nothing was written.
 * Readers take no lock, since a marked sector stays marked. A thread that writes sectors or ends
 * this state holds {@link #lock}.
 */
final class PartialBlock {

  static final int SECTOR = 512;

  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);

  /** Held while sectors are written, copied or freed. Event loops use only {@code tryLock}. */
  final ReentrantLock lock = new ReentrantLock();

  /** The number of the block in the top image. */
  final int block;

  /** The block's place in the image's files. */
  final long place;

  /** The file of that place. */
  final ImageFile file;

  /** The offset of the first byte on the disk. */
  final long diskOffset;

  /** The offset of the first byte in the file. */
  final long fileOffset;

  /** How many bytes of the block the guest sees. */
  final int visible;

  private final long[] below;
  private final int unitShift;
  private final long[] sectors;
  private boolean ended;
  private boolean mayBeEmpty;

  /**
   * @param below the entries that the block's units have in the images below
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

  /** The entry below for the unit that contains the byte at {@code within}. */
  long below(int within) {
    return below[within >>> unitShift];
  }

  /** How many bytes there are from {@code within} to the end of its unit. */
  int toUnitEnd(int within) {
    return (1 << unitShift) - (within & (1 << unitShift) - 1);
  }

  /** Whether the byte at {@code within} is in the top image. */
  boolean isMarked(int within) {
    int sector = within / SECTOR;
    return ((long) WORDS.getAcquire(sectors, sector / Long.SIZE) >>> sector & 1) != 0;
  }

  /**
   * How many of the {@code limit} bytes from {@code within} on are marked or not, as the first of
   * them is.
   *
   * @param marked whether the first byte is marked
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

  /** Marks whole sectors as being in the top image, after they were written. */
  void mark(int within, int length) {
    assert lock.isHeldByCurrentThread();
    int end = Math.ceilDiv(within + length, SECTOR);
    for (int sector = within / SECTOR; sector < end; ) {
      int word = sector / Long.SIZE;
      int last = Math.min(end, (word + 1) * Long.SIZE);
      long bits = -1L >>> Long.SIZE - (last - sector) << sector;
      WORDS.setRelease(sectors, word, sectors[word] | bits);
      sector = last;
    }
  }

  /** Marks sectors that hold zeroes. From now on the whole block may be empty. */
  void markZero(int within, int length) {
    mayBeEmpty = true;
    mark(within, length);
  }

  /** Whether {@link #markZero} was ever called. */
  boolean mayBeEmpty() {
    return mayBeEmpty;
  }

  /**
   * Whether a write of this range needs nothing from below, because sectors at its ends are covered
   * whole or marked.
   */
  boolean takes(int within, int length) {
    int end = within + length;
    return (within % SECTOR == 0 || isMarked(within))
        && (end % SECTOR == 0 || end == visible || isMarked(end));
  }

  /** Whether the block has become whole or was given up: then the caller looks it up again. */
  boolean ended() {
    assert lock.isHeldByCurrentThread();
    return ended;
  }

  void end() {
    ended = true;
  }
}
