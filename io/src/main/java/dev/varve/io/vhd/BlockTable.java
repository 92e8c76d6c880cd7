package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import java.lang.foreign.ValueLayout;

/**
 * The block table (BAT) of an image: the sector of each block's bitmap, or {@link #FREE}.
 * Stateless.
 */
final class BlockTable {

  /** The entry of a block that has no place in the file. */
  static final int FREE = -1;

  private BlockTable() {}

  /** The table of an image, as it is in the file. */
  static EntryTable of(ImageFile file, VhdHead head) {
    return new EntryTable(file, new Pages(head));
  }

  /** The offset in the file that an entry names. */
  static long offset(int entry) {
    return Integer.toUnsignedLong(entry) * SECTOR;
  }

  /** The entry for a block whose bitmap begins at this offset. */
  static int entryFor(long start) {
    return (int) (start / SECTOR); // unsigned
  }

  /** The table in pages that one commit writes at once. */
  private record Pages(VhdHead head) implements EntryTable.Layout {

    @Override
    public int entries() {
      return head.dynamic().entries();
    }

    @Override
    public int pageEntries() {
      return 1024;
    }

    @Override
    public ValueLayout.OfInt entry() {
      return VhdFields.INT;
    }

    @Override
    public long offset(int page) {
      return head.dynamic().tableOffset() + (long) page * pageEntries() * Integer.BYTES;
    }

    @Override
    public int absent() {
      return FREE;
    }

    @Override
    public String name() {
      return "its block table";
    }
  }
}
