package dev.varve.io.qcow;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The L1 table and the L2 tables of an image. They are read in small pieces as they are needed, and
 * a few pieces are kept. A piece that the end of the file cuts continues with zeroes, as QEMU reads
 * it.
 *
 * <p>Thread-safe. May wait for the medium.
 */
final class QcowTables {

  /** The entry of a cluster whose L2 table lies at a place where no table can be. */
  static final long LOST = -1;

  private static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;
  private static final int PIECE = 4096;
  private static final int PIECES = 8;
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);

  private final ImageFile file;
  private final QcowHeader header;
  private final long fileLength;
  private final MemorySegment pieces = Arena.ofAuto().allocate(PIECES * PIECE, 8);

  /** Which piece of the file is in each place of {@link #pieces}; -1: none. */
  private final long[] kept = new long[PIECES];

  QcowTables(ImageFile file, QcowHeader header, long fileLength) {
    this.file = file;
    this.header = header;
    this.fileLength = fileLength;
    Arrays.fill(kept, -1);
  }

  /** The L2 entry of a cluster; 0 if it has no table, or {@link #LOST}. */
  long entry(long cluster) throws IOException {
    long table = table(cluster);
    return table <= 0 ? table : number(entryOffset(table, cluster));
  }

  /** The bitmap of subclusters behind the L2 entry of a cluster; 0 if it has no table. */
  long bitmap(long cluster) throws IOException {
    long table = table(cluster);
    return table <= 0 ? 0 : number(entryOffset(table, cluster) + 8);
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
    long entry = number(header.l1Offset() + 8 * (cluster / header.tableEntries()));
    boolean isFirst = header.version() == 1;
    long table = isFirst ? entry : entry & OFFSET;
    if (table == 0) return 0;
    int alignment = isFirst ? Long.BYTES : header.clusterSize();
    return table > 0 && table < fileLength && table % alignment == 0 ? table : LOST;
  }

  /** The number at a multiple of 8. */
  private synchronized long number(long offset) throws IOException {
    long piece = offset / PIECE;
    int place = (int) piece & PIECES - 1;
    MemorySegment bytes = pieces.asSlice((long) place * PIECE, PIECE);
    if (kept[place] != piece) {
      kept[place] = -1;
      long inFile = Math.clamp(fileLength - piece * PIECE, 0L, (long) PIECE);
      file.read(piece * PIECE, bytes.asSlice(0, inFile));
      bytes.asSlice(inFile).fill((byte) 0);
      kept[place] = piece;
    }
    return bytes.get(LONG, offset % PIECE);
  }
}
