package dev.varve.io.qcow;

import dev.varve.io.file.FilePieces;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.OwnPlaces;
import java.io.IOException;
import java.nio.ByteOrder;

/**
 * The L1 table and the L2 tables of an image. They are read in small pieces as they are needed. A
 * table that the end of the file cuts continues with zeroes, as QEMU reads it.
 *
 * <p>Thread-safe. May wait for the medium.
 */
final class QcowTables {

  /** The entry of a cluster whose L2 table lies at a place where no table can be. */
  static final long LOST = -1;

  private static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;

  private final QcowHeader header;
  private final long fileLength;
  private final FilePieces numbers;

  QcowTables(ImageFile file, QcowHeader header, long fileLength) {
    this.header = header;
    this.fileLength = fileLength;
    this.numbers = new FilePieces(file, 0, fileLength, ByteOrder.BIG_ENDIAN);
  }

  /** Fails if two L1 entries name one L2 table. Those of internal snapshots are not looked at. */
  void requireOwnPlaces(String name) throws IOException {
    long[] starts = new long[(int) header.l1Entries()];
    for (int i = 0; i < starts.length; i++) starts[i] = tableAt(i);
    OwnPlaces.require(name, "L2 table", starts, (long) header.tableEntries() * header.entrySize());
  }

  /** Whether the L2 table of a cluster lies at a place where none can be. */
  boolean isLost(long cluster) throws IOException {
    return table(cluster) == LOST;
  }

  /** The L2 entry of a cluster; 0 if it has no table, or {@link #LOST}. */
  long entry(long cluster) throws IOException {
    long table = table(cluster);
    return table <= 0 ? table : numbers.longAt(entryOffset(table, cluster));
  }

  /** The bitmap of subclusters behind the L2 entry of a cluster; 0 if it has no table. */
  long bitmap(long cluster) throws IOException {
    long table = table(cluster);
    return table <= 0 ? 0 : numbers.longAt(entryOffset(table, cluster) + 8);
  }

  /** The first cluster from this one on that has a table; past the last one if none has. */
  long nextWithTable(long cluster) throws IOException {
    long index = cluster / header.tableEntries();
    if (table(cluster) != 0) return cluster;
    do {
      index++;
    } while (index < header.l1Entries() && table(index * header.tableEntries()) == 0);
    return index * header.tableEntries();
  }

  private long entryOffset(long table, long cluster) {
    return table + cluster % header.tableEntries() * header.entrySize();
  }

  /** The offset of a cluster's L2 table; 0 if there is none, or {@link #LOST}. */
  private long table(long cluster) throws IOException {
    return tableAt(cluster / header.tableEntries());
  }

  private long tableAt(long index) throws IOException {
    long entry = numbers.longAt(header.l1Offset() + 8 * index);
    boolean isFirst = header.version() == 1;
    long table = isFirst ? entry : entry & OFFSET;
    if (table == 0) return 0;
    int alignment = isFirst ? Long.BYTES : header.clusterSize();
    return table > 0 && table < fileLength && table % alignment == 0 ? table : LOST;
  }
}
