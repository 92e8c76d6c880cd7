package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.vmdk.VmdkImage.Piece;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Enlarges the disk in an image of one extent; the added part reads as zeroes. One thread at a time
 * for an image; blocks.
 *
 * <p>A sparse extent gets new directories and the missing tables behind everything that it has.
 * Once they are durable, one sector, the header, names them; then one value, the extent line of the
 * descriptor, makes the disk larger. So a crash leaves the disk with its old or its new size.
 */
final class VmdkGrowth {

  private static final int SECTOR = GrainDirectory.SECTOR;
  private static final long MAX_GRAINS = 1 << 30;

  /** No file is longer. */
  private static final long MAX_CAPACITY = 1L << 46;

  private final VmdkImage image;
  private final Piece piece;
  private final ImageFile file;

  private VmdkGrowth(VmdkImage image) {
    this.image = image;
    this.piece = image.pieces().getFirst();
    this.file = image.files().get(piece.file());
  }

  /** Fails where {@link #grow} would fail. Changes nothing. */
  static void check(VmdkImage image, long capacity) throws IOException {
    String why = new VmdkGrowth(image).problem(capacity);
    if (why != null)
      throw new IOException(
          "%s cannot grow to %d bytes: %s; copy the disk into a new image of that size"
              .formatted(image.name(), capacity, why));
    if (image.files().size() > 1)
      StoredDescriptor.checkExtentChange(
          image.descriptor().now(), 0, capacity / SECTOR, image.name());
  }

  private @Nullable String problem(long capacity) throws IOException {
    if (image.pieces().size() != 1) return "it has several extents";
    if (capacity % SECTOR != 0) return "a disk consists of sectors of 512 bytes";
    if (capacity > MAX_CAPACITY) return "that is larger than a file can be";
    if (!(piece.extent() instanceof SparseExtent extent))
      return piece.extent() instanceof FlatExtent ? null : "it is only read";
    if (capacity / extent.header().grain() >= MAX_GRAINS) return "it would have too many grains";
    return hasEntriesBehindTheEnd(extent) ? "entries behind its end are in use" : null;
  }

  /** Such entries would become visible. */
  private static boolean hasEntriesBehindTheEnd(SparseExtent extent) throws IOException {
    GrainDirectory directory = extent.directory();
    int entries = extent.header().tableEntries();
    int first = directory.tableOf(extent.grains() - 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(4L * entries);
      for (int i = first; i < directory.tables.length; i++) {
        if (directory.tables[i] == 0) continue;
        extent.file().read(directory.table(i), table);
        for (int k = i == first ? (extent.grains() - 1) % entries + 1 : 0; k < entries; k++)
          if (table.get(GrainDirectory.ENTRY, 4L * k) != 0) return true;
      }
    }
    return false;
  }

  /**
   * Makes the disk as large as {@code capacity}; durable when it returns. Does nothing if it has
   * that size already.
   *
   * @param image open for writing, and used by nothing else
   */
  static void grow(VmdkImage image, long capacity, boolean hidesParents) throws IOException {
    if (capacity <= image.capacity()) return;
    check(image, capacity);
    if (hidesParents)
      throw new IOException(
          image.name()
              + " cannot be resized: an image below it is larger, and VMDK has no mark for zeroes"
              + " to hide that; copy the disk into a new image");
    var growth = new VmdkGrowth(image);
    if (growth.piece.extent() instanceof SparseExtent extent) growth.enlarge(extent, capacity);
    else growth.enlargeFlat(capacity);
    image.descriptor().changeExtent(0, capacity / SECTOR, image.firstSparse());
  }

  private void enlargeFlat(long capacity) throws IOException {
    long end = ((FlatExtent) piece.extent()).start() + image.capacity();
    long added = capacity - image.capacity();
    if (file.length() > end) file.punch(end, Math.min(added, file.length() - end));
    file.reserve(end, added);
    file.sync();
  }

  private void enlarge(SparseExtent extent, long capacity) throws IOException {
    clearEnd(extent);
    SparseHeader header = extent.header();
    long sectors = Math.ceilDiv(capacity, (long) header.grain()) * header.grainSectors();
    if (sectors > header.capacitySectors()) {
      long redundant = header.redundantSector();
      SparseHeader enlarged = header.withDirectories(sectors, redundant, header.directorySector());
      if (header.hasRedundant())
        redundant = appendDirectory(extent, extent.directory().copies, enlarged) / SECTOR;
      long directory = appendDirectory(extent, extent.directory().tables, enlarged) / SECTOR;
      file.sync();
      extent.writeHeader(header.withDirectories(sectors, redundant, directory));
    }
    file.sync();
  }

  /** The part of the last grain behind the old end becomes visible, and may be anything. */
  private static void clearEnd(SparseExtent extent) throws IOException {
    int last = extent.grains() - 1;
    long place = extent.placeOf(last);
    int visible = extent.visible(last);
    int hidden = extent.header().grain() - visible;
    if (place < 0 || hidden == 0) return;
    extent.file().punch(place + visible, hidden);
    extent.file().reserve(place + visible, hidden);
  }

  /** A directory with the tables that there are, and new ones for the rest. */
  private static long appendDirectory(SparseExtent extent, int[] tables, SparseHeader enlarged)
      throws IOException {
    int entries = enlarged.directoryEntries();
    long directory = extent.append(enlarged.directorySectors());
    int added = entries - tables.length;
    long made = added > 0 ? extent.append((long) added * enlarged.tableSectors()) / SECTOR : 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4L * entries, 8);
      for (int i = 0; i < entries; i++) {
        int sector =
            i < tables.length
                ? tables[i]
                : (int) (made + (long) (i - tables.length) * enlarged.tableSectors());
        bytes.set(GrainDirectory.ENTRY, 4L * i, sector);
      }
      extent.file().write(directory, bytes);
    }
    return directory;
  }
}
