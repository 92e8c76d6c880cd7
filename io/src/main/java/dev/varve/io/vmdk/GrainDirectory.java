package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.OwnPlaces;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Where the grain tables of a sparse extent lie, and their copies: the two directories, in memory.
 *
 * <p>To the {@link EntryTable} the tables are one table of grains, in pages of one sector: a sector
 * reaches the medium whole or not at all.
 *
 * <p>Not thread-safe: the map lock guards it.
 */
final class GrainDirectory implements EntryTable.Layout {

  static final int SECTOR = 512;
  static final ValueLayout.OfInt ENTRY =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int PAGE_ENTRIES = SECTOR / 4;

  final SparseHeader header;

  /** The sector of each table; 0: none. Read as unsigned numbers. */
  final int[] tables;

  /** The sector of each copy; the same array if there are no copies. */
  final int[] copies;

  private final int tableShift;

  private GrainDirectory(SparseHeader header, int[] tables, int[] copies) {
    this.header = header;
    this.tables = tables;
    this.copies = copies;
    this.tableShift = Integer.numberOfTrailingZeros(header.tableEntries());
  }

  /** Fails if two tables share bytes, which no program makes. Copies are not looked at. */
  void requireOwnPlaces(String file) throws ImageFormatException {
    long[] starts = new long[tables.length];
    for (int i = 0; i < starts.length; i++) starts[i] = table(i);
    OwnPlaces.require(file, "grain table", starts, (long) header.tableSectors() * SECTOR);
  }

  /** Reads both directories, which lie in the file. */
  static GrainDirectory read(ImageFile file, SparseHeader header) throws IOException {
    int[] tables = read(file, header.directorySector(), header.directoryEntries());
    int[] copies =
        header.hasRedundant()
            ? read(file, header.redundantSector(), header.directoryEntries())
            : tables;
    return new GrainDirectory(header, tables, copies);
  }

  private static int[] read(ImageFile file, long sector, int entries) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4L * entries);
      file.read(sector * SECTOR, bytes);
      return bytes.toArray(ENTRY);
    }
  }

  /** Writes where a table and its copy lie, in bytes. Not durable; {@link #set} is for readers. */
  void write(ImageFile file, int index, long table, long copy) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(4);
      entry.set(ENTRY, 0, (int) (table / SECTOR));
      file.write(header.directorySector() * SECTOR + 4L * index, entry);
      if (!hasCopies()) return;
      entry.set(ENTRY, 0, (int) (copy / SECTOR));
      file.write(header.redundantSector() * SECTOR + 4L * index, entry);
    }
  }

  /** Notes where a table and its copy lie, in bytes. Needs the map lock while the image is read. */
  void set(int index, long table, long copy) {
    tables[index] = (int) (table / SECTOR);
    copies[index] = (int) (copy / SECTOR);
  }

  /** Notes what another reading of the same directories has found. */
  void takeOver(GrainDirectory found) {
    System.arraycopy(found.tables, 0, tables, 0, tables.length);
    System.arraycopy(found.copies, 0, copies, 0, copies.length);
  }

  boolean hasCopies() {
    return copies != tables;
  }

  /** The table of a grain, by its place in the directory. */
  int tableOf(int grain) {
    return grain >>> tableShift;
  }

  /** Where a table lies, in bytes, or {@link EntryTable#NOWHERE}. */
  long table(int index) {
    return at(tables[index]);
  }

  long copyOfTable(int index) {
    return at(copies[index]);
  }

  private static long at(int sector) {
    return sector == 0 ? NOWHERE : Integer.toUnsignedLong(sector) * SECTOR;
  }

  private static final long NOWHERE = EntryTable.NOWHERE;

  // ---- as pages

  /** Whole pages: a table goes on behind the last grain. */
  @Override
  public int entries() {
    int grains = (int) Math.ceilDiv(header.capacitySectors(), (long) header.grainSectors());
    return Math.ceilDiv(grains, PAGE_ENTRIES) * PAGE_ENTRIES;
  }

  @Override
  public int pageEntries() {
    return PAGE_ENTRIES;
  }

  @Override
  public ValueLayout.OfInt entry() {
    return ENTRY;
  }

  @Override
  public long offset(int page) {
    return offset(tables, page);
  }

  @Override
  public long copy(int page) {
    return hasCopies() ? offset(copies, page) : NOWHERE;
  }

  private long offset(int[] directory, int page) {
    int entry = page * PAGE_ENTRIES;
    long table = at(directory[entry >>> tableShift]);
    return table == NOWHERE ? NOWHERE : table + 4L * (entry & (1 << tableShift) - 1);
  }

  @Override
  public int absent() {
    return 0;
  }

  @Override
  public String name() {
    return "its grain tables";
  }
}
