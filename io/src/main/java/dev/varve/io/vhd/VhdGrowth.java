package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.INT;
import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Enlarges the disk in an image; the added part reads as zeroes. One thread at a time for an image;
 * blocks.
 *
 * <p>The entries of the new blocks are made durable where no program reads yet: behind the block
 * table, or in a longer table at the end of the file. Then the header names the table, within one
 * sector, and then the footers get the new size: see {@link FooterChange}. A crash leaves the disk
 * with its old or its new size.
 */
final class VhdGrowth {

  private static final int CHUNK_ENTRIES = 1 << 16;

  private VhdGrowth() {}

  /**
   * Fails where {@link #grow} would fail. Changes nothing.
   *
   * @throws ImageFormatException if the image cannot become so large
   */
  static void check(VhdHead head, long capacity) throws ImageFormatException {
    long limit = NewVhd.MAX_CAPACITY;
    if (capacity > limit)
      throw new ImageFormatException(
          head.name(),
          "disk size",
          head.capacity(),
          "it cannot grow to %d: a VHD disk has at most %d bytes".formatted(capacity, limit),
          "copy the disk into a VDI image of that size");
    if (capacity % SECTOR != 0)
      throw new ImageFormatException(
          head.name(),
          "new disk size",
          capacity,
          "a disk has whole sectors of 512 bytes",
          "choose a multiple of 512");
    ImageFormatException broken = WritingRules.broken(head);
    if (broken != null) throw broken;
  }

  /**
   * Makes the disk as large as {@code capacity}; durable when it returns. Does nothing if it has
   * that size already.
   *
   * @param image open for writing, and used by nothing else
   * @param hidesParents whether the new blocks must read as zeroes though images below may hold
   *     something there: then all of them get a place
   */
  static void grow(VhdImage image, long capacity, boolean hidesParents) throws IOException {
    VhdHead head = image.head();
    if (capacity <= head.capacity()) return;
    check(head, capacity);
    int blocks = (int) Math.ceilDiv(capacity, head.blockSize());
    clearEnd(image);
    var added = new int[blocks - head.blocks()];
    for (int i = 0; i < added.length; i++)
      added[i] = hidesParents ? zeroBlock(image) : VhdImage.FREE;
    long table = head.dynamic().tableOffset();
    if (table + (long) blocks * Integer.BYTES > head.tableEnd()) table = moveTable(image, blocks);
    writeEntries(image.file(), table + (long) head.blocks() * Integer.BYTES, added);
    image.sync();
    int entries = Math.max(blocks, head.dynamic().entries());
    image
        .file()
        .write(
            head.footer().headerOffset(), head.dynamic().withTable(table, entries).firstSector());
    image.sync();
    image.replaceFooter(head.footer().withCapacity(capacity));
    if (!hidesParents) return;
    image.end().cut();
    image.sync();
  }

  /** Zeroes the last block behind the old end of the disk: those bytes become visible. */
  private static void clearEnd(VhdImage image) throws IOException {
    VhdHead head = image.head();
    int last = head.blocks() - 1;
    int entry = image.table().entry(last);
    int visible = head.visible(last);
    if (entry == VhdImage.FREE || visible == head.blockSize()) return;
    long data = VhdImage.offset(entry) + head.bitmapLength();
    image.file().zero(data + visible, head.blockSize() - visible);
  }

  /** Appends a block of zeroes that hides what lies below; returns the entry that names it. */
  private static int zeroBlock(VhdImage image) throws IOException {
    long start = image.end().take();
    image.bitmaps().writeFull(start);
    return (int) (start / SECTOR);
  }

  /** Copies the entries of the disk's blocks into a longer table at the end of the file. */
  private static long moveTable(VhdImage image, int entries) throws IOException {
    VhdHead head = image.head();
    long table = image.end().takeSpace((long) entries * Integer.BYTES);
    long length = (long) head.blocks() * Integer.BYTES;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(Math.min(length, (long) CHUNK_ENTRIES * Integer.BYTES));
      for (long done = 0; done < length; ) {
        MemorySegment part = chunk.asSlice(0, Math.min(chunk.byteSize(), length - done));
        image.file().read(head.dynamic().tableOffset() + done, part);
        image.file().write(table + done, part);
        done += part.byteSize();
      }
    }
    return table;
  }

  private static void writeEntries(ImageFile file, long at, int[] entries) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk =
          arena.allocate(
              (long) Integer.BYTES * Math.min(Math.max(1, entries.length), CHUNK_ENTRIES));
      for (int first = 0; first < entries.length; first += CHUNK_ENTRIES) {
        int count = Math.min(entries.length - first, CHUNK_ENTRIES);
        for (int i = 0; i < count; i++)
          chunk.set(INT, (long) Integer.BYTES * i, entries[first + i]);
        file.write(
            at + (long) Integer.BYTES * first, chunk.asSlice(0, (long) Integer.BYTES * count));
      }
    }
  }

  /**
   * The same for a fixed image. The footer with the old size is durable at the new end before the
   * old one, which becomes a part of the disk, is zeroed; only then the size changes.
   */
  static void growFixed(ImageFile file, VhdHead head, long capacity) throws IOException {
    if (capacity <= head.capacity()) return;
    check(head, capacity);
    long footerAt = head.footerAt();
    if (capacity > footerAt) {
      long moved = Math.max(capacity, footerAt + SECTOR);
      try {
        file.write(moved, head.footer().bytes());
        file.reserve(footerAt, moved - footerAt);
        file.sync();
      } catch (OutOfSpaceException e) {
        file.setLength(footerAt + SECTOR);
        throw e;
      }
      footerAt = moved;
    }
    file.zero(head.capacity(), capacity - head.capacity());
    file.sync();
    file.write(footerAt, head.footer().withCapacity(capacity).bytes());
    file.sync();
  }
}
