package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.INT;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
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

  private final ImageFile file;
  private final VhdHead head;
  private final EntryTable table;
  private final Bitmaps bitmaps;
  private final FileEnd end;

  /**
   * The growth of an image that is open for writing and used by nothing else.
   *
   * @param end of its file
   */
  VhdGrowth(ImageFile file, VhdHead head, EntryTable table, Bitmaps bitmaps, FileEnd end) {
    this.file = file;
    this.head = head;
    this.table = table;
    this.bitmaps = bitmaps;
    this.end = end;
  }

  /**
   * Makes the disk as large as {@code capacity}; durable when it returns. Does nothing if it has
   * that size already.
   *
   * @param hidesParents whether the new blocks must read as zeroes though images below may hold
   *     something there: then all of them get a place
   */
  void to(long capacity, boolean hidesParents) throws IOException {
    if (capacity <= head.capacity()) return;
    WritingRules.checkGrowth(head, capacity);
    int blocks = (int) Math.ceilDiv(capacity, head.blockSize());
    clearEnd();
    var added = new int[blocks - head.blocks()];
    for (int i = 0; i < added.length; i++) added[i] = hidesParents ? zeroBlock() : BlockTable.FREE;
    long tableAt = head.dynamic().tableOffset();
    if (tableAt + (long) blocks * Integer.BYTES > head.tableEnd()) tableAt = moveTable(blocks);
    writeEntries(tableAt + (long) head.blocks() * Integer.BYTES, added);
    file.sync();
    DynamicHeader header =
        head.dynamic().withTable(tableAt, Math.max(blocks, head.dynamic().entries()));
    file.write(head.footer().headerOffset(), header.firstSector());
    file.sync();
    end.replaceFooter(head.footer().withCapacity(capacity));
    if (hidesParents && end.cut()) file.sync();
  }

  /** Zeroes the last block behind the old end of the disk: those bytes become visible. */
  private void clearEnd() throws IOException {
    int last = head.blocks() - 1;
    int entry = table.entry(last);
    int visible = head.visible(last);
    if (entry == BlockTable.FREE || visible == head.blockSize()) return;
    long data = BlockTable.offset(entry) + head.bitmapLength();
    file.zero(data + visible, head.blockSize() - visible);
  }

  /** Appends a block of zeroes that hides what lies below; returns the entry that names it. */
  private int zeroBlock() throws IOException {
    long start = end.take();
    bitmaps.writeFull(start);
    return BlockTable.entryFor(start);
  }

  /** Copies the entries of the disk's blocks into a longer table at the end of the file. */
  private long moveTable(int entries) throws IOException {
    long moved = end.takeSpace((long) entries * Integer.BYTES);
    long length = (long) head.blocks() * Integer.BYTES;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(Math.min(length, (long) CHUNK_ENTRIES * Integer.BYTES));
      for (long done = 0; done < length; ) {
        MemorySegment part = chunk.asSlice(0, Math.min(chunk.byteSize(), length - done));
        file.read(head.dynamic().tableOffset() + done, part);
        file.write(moved + done, part);
        done += part.byteSize();
      }
    }
    return moved;
  }

  private void writeEntries(long at, int[] entries) throws IOException {
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
}
