package dev.varve.io.vmdk;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Makes the two copies of grain tables equal where a crash came between them, since VirtualBox
 * refuses an image whose copies differ. A crash in the middle leaves what can be mended again.
 * Stateless; blocks.
 */
final class TableMending {

  private static final System.Logger LOG = System.getLogger(TableMending.class.getName());
  private static final int SECTOR = GrainDirectory.SECTOR;

  private TableMending() {}

  /** Mends what a scan without problems has found; durable when this returns. */
  static void mend(ImageFile file, ExtentScan scan) throws IOException {
    writePages(file, scan);
    file.sync();
    doubleTables(file, scan);
    LOG.log(
        System.Logger.Level.INFO,
        "{0}: the two copies of its grain tables differed in {1} sectors and {2} tables, as after"
            + " a crash: made equal",
        file.name(),
        scan.unequalPages().cardinality(),
        scan.singleTables().cardinality());
  }

  private static void writePages(ImageFile file, ExtentScan scan) throws IOException {
    BitSet pages = scan.unequalPages();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(SECTOR);
      for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
        scan.readPage(page, bytes);
        file.write(scan.directory().offset(page), bytes);
        file.write(scan.directory().copy(page), bytes);
      }
    }
  }

  /** Appends what is missing of tables that exist only once. */
  static void doubleTables(ImageFile file, ExtentScan scan) throws IOException {
    BitSet tables = scan.singleTables();
    for (int index = tables.nextSetBit(0); index >= 0; index = tables.nextSetBit(index + 1))
      doubleTable(file, scan, index);
  }

  /** Appends a missing table with what the other one has, then names it in its directory. */
  private static void doubleTable(ImageFile file, ExtentScan scan, int index) throws IOException {
    GrainDirectory found = scan.directory();
    int length = found.header.tableSectors() * SECTOR;
    long from = Math.max(found.table(index), found.copyOfTable(index));
    long made = Math.ceilDiv(Math.max(file.length(), scan.usedEnd()), SECTOR) * (long) SECTOR;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table = arena.allocate(length);
      file.read(from, table);
      file.write(made, table);
    }
    file.sync();
    boolean missesTable = found.tables[index] == 0;
    found.write(file, index, missesTable ? made : from, missesTable ? from : made);
    file.sync();
    found.set(index, missesTable ? made : from, missesTable ? from : made);
  }
}
