package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where all blocks of an image lie, in the order of their places: finds those that lie outside the
 * file, or where another block or something else lies. Immutable.
 */
final class BlockScan {

  private static final int MAX_NAMED = 10;
  private static final int BLOCK_BITS = 31;
  private static final long BLOCK_MASK = (1L << BLOCK_BITS) - 1;

  private final VhdHead head;

  /** For each block that has a place: its sector, and in the lower bits its number. Sorted. */
  private final long[] places;

  /** What is wrong with each of them. */
  private final Fault[] faults;

  private BlockScan(VhdHead head, long[] places) {
    this.head = head;
    this.places = places;
    this.faults = new Fault[places.length];
    long lastStart = -1;
    long lastEnd = 0;
    for (int i = 0; i < places.length; i++) {
      faults[i] = judge(i, lastStart, lastEnd);
      if (faults[i] != Fault.NONE) continue;
      lastStart = start(i);
      lastEnd = end(i);
    }
  }

  /** Reads the whole block table. */
  static BlockScan of(VhdHead head, EntryTable table) throws IOException {
    var found =
        new Object() {
          long[] places = new long[64];
          int count;
        };
    table.forEach(
        (block, entry) -> {
          if (entry == BlockTable.FREE) return;
          if (found.count == found.places.length)
            found.places = Arrays.copyOf(found.places, 2 * found.count);
          found.places[found.count++] = Integer.toUnsignedLong(entry) << BLOCK_BITS | block;
        });
    long[] places = Arrays.copyOf(found.places, found.count);
    Arrays.sort(places);
    return new BlockScan(head, places);
  }

  int count() {
    return places.length;
  }

  int block(int index) {
    return (int) (places[index] & BLOCK_MASK);
  }

  /** Where the bitmap of the block lies. */
  long start(int index) {
    return (places[index] >>> BLOCK_BITS) * SECTOR;
  }

  long end(int index) {
    return start(index) + head.stride();
  }

  /** What is wrong with a block's place. */
  enum Fault {
    NONE("none"),
    /** The file ends before the block does. */
    OUTSIDE("outsideFile"),
    /** The footer, its copy, the header or the table lies there. */
    OVER_METADATA("overMetadata"),
    /** Another block has the same place. */
    SHARED("sharedPlace"),
    /** Another block lies in a part of it. */
    OVERLAPPING("overlappingPlace");

    private final String text;

    Fault(String text) {
      this.text = text;
    }

    /** A word for programs. */
    String text() {
      return text;
    }
  }

  /** What is wrong with the block's place; of blocks that share one, with all but the first. */
  Fault fault(int index) {
    return faults[index];
  }

  /**
   * @param lastStart the place of the last block in front of it with which nothing is wrong
   */
  private Fault judge(int index, long lastStart, long lastEnd) {
    if (end(index) > head.fileLength()) return Fault.OUTSIDE;
    if (head.isMetadata(start(index), end(index))) return Fault.OVER_METADATA;
    if (head.footerAt() >= 0 && end(index) > head.footerAt()) return Fault.OVER_METADATA;
    if (start(index) >= lastEnd) return Fault.NONE;
    return start(index) == lastStart ? Fault.SHARED : Fault.OVERLAPPING;
  }

  /** Where the space behind everything that is in use begins; a multiple of a sector. */
  long usedEnd() {
    long end = Math.max(head.footer().headerOffset() + DynamicHeader.SIZE, head.tableEnd());
    for (var locator : head.dynamic().locators(head.fileLength()))
      end = Math.max(end, locator.offset() + locator.length());
    for (int i = places.length - 1; i >= 0; i--) {
      if (faults[i] != Fault.NONE) continue;
      end = Math.max(end, end(i));
      break;
    }
    return Math.ceilDiv(end, SECTOR) * SECTOR;
  }

  /** How many bytes there are between blocks, in pieces in which a block has room. */
  long unused() {
    long unused = 0;
    long end = Math.max(head.footer().headerOffset() + DynamicHeader.SIZE, head.tableEnd());
    for (var locator : head.dynamic().locators(head.fileLength()))
      end = Math.max(end, locator.offset() + locator.length());
    for (int i = 0; i < places.length; i++) {
      if (faults[i] != Fault.NONE) continue;
      if (start(i) - end >= head.stride()) unused += start(i) - end;
      end = Math.max(end, end(i));
    }
    return unused;
  }

  /**
   * Fails if a block has a place that a writer could damage something with.
   *
   * @return {@link #usedEnd}
   */
  long requireSound() throws ImageFormatException {
    for (int i = 0; i < places.length; i++) {
      Fault fault = fault(i);
      if (fault != Fault.NONE)
        throw new ImageFormatException(
            head.name(),
            "the block table's entry of block " + block(i),
            start(i) / SECTOR,
            rule(fault),
            "the image is damaged: run 'varve image check' to see what is lost and whether '--repair' can save the rest");
    }
    return usedEnd();
  }

  /** The blocks with this fault, for people; null if there are none. */
  @Nullable String blocksWith(Fault fault) {
    var text = new StringBuilder();
    int count = 0;
    for (int i = 0; i < places.length; i++) {
      if (faults[i] != fault || count++ >= MAX_NAMED) continue;
      text.append(text.isEmpty() ? "block " : ", ").append(block(i));
    }
    if (count == 0) return null;
    if (count > MAX_NAMED) text.append(" and ").append(count - MAX_NAMED).append(" more");
    return text.toString();
  }

  String rule(Fault fault) {
    return switch (fault) {
      case NONE -> "it is right";
      case OUTSIDE ->
          "the file of %d bytes ends before that place does".formatted(head.fileLength());
      case OVER_METADATA -> "a footer, the header or the block table lies there";
      case SHARED -> "another block has the same place";
      case OVERLAPPING -> "another block lies in a part of that place";
    };
  }
}
