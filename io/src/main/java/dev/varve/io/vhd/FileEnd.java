package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ForeignChange;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * The end of a VHD file: the footer there, and the space in front of it in which new blocks get
 * their places.
 *
 * <p>The file ends in a footer at every moment, also after a crash. Before blocks are appended
 * where the footer lies, the footer is written behind their places and made durable; so the file is
 * longer and has space that no entry names. One move of the footer makes room for several blocks,
 * the more the more are written. The file is cut in the same way: first the footer is written where
 * the file will end.
 *
 * <p>Thread-safe: the change lane takes places while a commit looks at the footer.
 */
final class FileEnd {

  static final long MAX_AHEAD = 64 << 20;

  /** An entry of the block table has 32 bits for a sector. */
  static final long MAX_LENGTH = ((1L << 32) - 1) * SECTOR;

  /** The data of a new block begins with a page, so that a page of the guest is one of the host. */
  static final long PAGE = 4096;

  /** How many blocks get room with the first move of the footer. */
  private static final int FIRST_AHEAD = 2;

  private final ImageFile file;
  private final VhdHead head;
  private final long stride;

  /** Places that were taken and given back. */
  private final ArrayDeque<Long> returned = new ArrayDeque<>();

  /** Bytes below it can be anything, though no block has its place there. */
  private long usedBefore;

  private VhdFooter footer;
  private long footerAt;

  /** Where the next block gets its place. */
  private long next;

  private long ahead = FIRST_AHEAD;

  /** How many blocks have no place yet. */
  private long missing;

  /**
   * @param used where the space begins that is not in use
   * @param missing how many blocks have no place
   */
  FileEnd(ImageFile file, VhdHead head, long used, long missing) {
    this.file = file;
    this.head = head;
    this.stride = head.stride();
    this.footer = head.footer();
    this.footerAt = head.footerAt();
    this.usedBefore = head.footerAt();
    this.next = used;
    this.missing = missing;
  }

  synchronized long footerAt() {
    return footerAt;
  }

  /** Replaces the footer where it is, and its copy; durable when it returns. */
  synchronized void replaceFooter(VhdFooter changed) throws IOException {
    FooterChange.write(file, footerAt, changed);
    footer = changed;
  }

  /**
   * Takes a place for a block: the offset of its bitmap. All of it reads as zeroes and has space on
   * the host.
   */
  synchronized long take() throws IOException {
    Long free = returned.poll();
    if (free != null) {
      try {
        clear(free);
      } catch (IOException e) {
        returned.add(free);
        throw e;
      }
      missing--;
      return free;
    }
    if (startFrom(next) + stride > footerAt) makeRoom();
    long start = startFrom(next);
    if (start < usedBefore) clear(start);
    next = start + stride;
    missing--;
    return start;
  }

  /** The first place for a block from this offset on. */
  private long startFrom(long offset) {
    return roundUp(offset + head.bitmapLength()) - head.bitmapLength();
  }

  private static long roundUp(long offset) {
    return Math.ceilDiv(offset, PAGE) * PAGE;
  }

  private void clear(long start) throws IOException {
    file.punch(start, stride);
    file.reserve(start, stride);
  }

  /**
   * Takes space for something that is no block: its offset, a multiple of a sector. Its bytes can
   * be anything.
   */
  synchronized long takeSpace(long length) throws IOException {
    long start = next;
    long end = Math.ceilDiv(start + length, SECTOR) * SECTOR;
    if (end > footerAt) moveTo(end);
    next = end;
    return start;
  }

  /** Returns a place that no entry names. */
  synchronized void giveBack(long start) {
    missing++;
    if (start + stride == next) {
      next = start;
      usedBefore = Math.max(usedBefore, start + stride);
    } else {
      returned.add(start);
    }
  }

  // ---- the footer moves

  private void makeRoom() throws IOException {
    long blocks = Math.max(1, Math.min(ahead, missing));
    try {
      moveTo(endOf(blocks));
      ahead = Math.max(1, Math.min(2 * ahead, MAX_AHEAD / stride));
    } catch (OutOfSpaceException e) {
      if (blocks == 1) throw e;
      moveTo(endOf(1)); // perhaps there is space for this one at least
      ahead = 1;
    }
  }

  /** The end of so many new blocks. */
  private long endOf(long blocks) {
    return startFrom(next) + (blocks - 1) * roundUp(stride) + stride;
  }

  private void moveTo(long wanted) throws IOException {
    long to = Math.max(wanted, footerAt + SECTOR); // it must not lie in a part of the old one
    if (to > MAX_LENGTH)
      throw new OutOfSpaceException(
          "%s: a VHD file has at most %d bytes; copy the disk into a VDI image"
              .formatted(file.name(), MAX_LENGTH));
    try {
      file.write(to, footer.bytes());
      file.reserve(next, to - next);
      file.sync();
    } catch (IOException e) {
      usedBefore = Math.max(usedBefore, to + SECTOR);
      takeBack(e);
      throw e;
    }
    footerAt = to;
  }

  /** Makes the file end in the footer that it had. */
  private void takeBack(IOException failure) {
    try {
      file.setLength(footerAt + SECTOR);
    } catch (IOException e) {
      failure.addSuppressed(e); // the next move writes a footer behind it
    }
  }

  /**
   * Cuts off what is not in use at the end. The footer is durable at the new end before the file is
   * cut; the cut itself is not durable when this returns.
   *
   * @return whether there was something
   */
  synchronized boolean cut() throws IOException {
    if (next + SECTOR > footerAt) return false;
    file.write(next, footer.bytes());
    file.sync();
    file.setLength(next + SECTOR);
    footerAt = next;
    usedBefore = Math.min(usedBefore, next);
    return true;
  }

  // ---- other programs

  /** Fails if another program has written the footer, as VirtualBox does when it appends blocks. */
  synchronized void requireOurs() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment found = arena.allocate(SECTOR);
      file.read(footerAt, found);
      if (found.mismatch(footer.bytes()) >= 0) throw ForeignChange.found(file, "its footer");
    }
  }
}
