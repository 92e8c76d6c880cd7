package dev.varve.io.qcow;

import dev.varve.core.medium.ImageReport.Finding;
import dev.varve.io.file.FilePieces;
import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares how often each cluster of a QCOW2 file is used with how often its count of references
 * says. Only a program that writes to the image minds a difference: with a count that is too low it
 * overwrites what is in use.
 *
 * <p>All tables are walked once for each {@link #WINDOW} of clusters, whose uses are counted; so it
 * takes 32 MiB of memory at most. Used once, by one thread, which can be interrupted; blocks.
 */
final class ReferenceCheck {

  /** With the usual clusters, 1 TiB of the file. */
  static final int WINDOW = 1 << 24;

  /** Beyond that, a file is not compared: one that is only holes could be as long as it likes. */
  private static final int MOST_WINDOWS = 64;

  /**
   * Beyond that, a minute or two, a file is not compared: snapshots can name one table for ever.
   */
  private static final long MOST_ENTRIES = 1L << 31;

  private static final int SECTOR = 512;
  private static final int REFCOUNT_TABLE_ENTRY = 8;
  private static final int SNAPSHOT_HEADER = 40;
  private static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;
  private static final long COMPRESSED = 1L << 62;

  private final QcowHeader header;
  private final FilePieces numbers;
  private final FilePieces counts;
  private final long fileLength;
  private final int clusterBits;
  private final int window;

  /** Uses of the clusters in this window; {@link Character#MAX_VALUE} stands for more, too. */
  private char[] uses = {};

  private long first;

  private long entriesLeft = MOST_ENTRIES;
  private long leaked;
  private long tooLow;
  private long firstTooLow;

  private ReferenceCheck(ImageFile file, QcowHeader header, int window) throws IOException {
    this.header = header;
    this.window = window;
    this.fileLength = file.length();
    this.numbers = new FilePieces(file, 0, fileLength, ByteOrder.BIG_ENDIAN);
    this.counts = new FilePieces(file, 0, fileLength, ByteOrder.BIG_ENDIAN);
    this.clusterBits = Integer.numberOfTrailingZeros(header.clusterSize());
  }

  /**
   * @param header of version 2 or 3
   * @param window how many clusters are counted at once
   */
  static List<Finding> of(ImageFile file, QcowHeader header, int window) throws IOException {
    return new ReferenceCheck(file, header, window).findings();
  }

  private List<Finding> findings() throws IOException {
    long clusters = fileLength + header.clusterSize() - 1 >>> clusterBits;
    if (clusters > (long) MOST_WINDOWS * window) return notCompared();
    for (first = 0; first < clusters; first += window) {
      uses = new char[(int) Math.min(window, clusters - first)];
      countUses();
      if (entriesLeft < 0) return notCompared();
      compare();
    }
    return found();
  }

  private static List<Finding> notCompared() {
    return List.of(
        new Finding(
            "references",
            Finding.NOTE,
            "the counts of references were not compared, since that would take too long"));
  }

  // ---- what is used

  private void countUses() throws IOException {
    use(0, 1);
    long refcountTable = numbers.longAt(48);
    long tableLength = u32(56) * header.clusterSize();
    use(refcountTable, tableLength);
    for (long at = 0; at < tableLength; at += REFCOUNT_TABLE_ENTRY) {
      long block = numbers.longAt(refcountTable + at) & OFFSET;
      if (block != 0) use(block, header.clusterSize());
    }
    useTables(header.l1Offset(), u32(36));
    long snapshots = numbers.longAt(64);
    long at = snapshots;
    for (int i = 0; i < header.snapshots() && at + SNAPSHOT_HEADER <= fileLength; i++) {
      useTables(numbers.longAt(at), u32(at + 8));
      long names = (u32(at + 12) >>> 16) + (u32(at + 12) & 0xFFFF);
      at = at + SNAPSHOT_HEADER + u32(at + 36) + names + 7 & -8;
    }
    if (header.snapshots() > 0) use(snapshots, at - snapshots);
  }

  /** An L1 table, the L2 tables that it names, and their clusters. */
  private void useTables(long l1, long entries) throws IOException {
    if (l1 <= 0 || l1 % 8 != 0) return; // damaged: a reader of the present state does not mind
    use(l1, 8 * entries);
    for (long i = 0; i < entries && l1 + 8 * i < fileLength && entriesLeft-- > 0; i++) {
      if (Thread.interrupted()) throw new InterruptedIOException("the check was stopped");
      long table = numbers.longAt(l1 + 8 * i) & OFFSET;
      if (table == 0) continue;
      use(table, header.clusterSize());
      if (table % header.clusterSize() != 0 || table >= fileLength) continue;
      entriesLeft -= header.tableEntries();
      for (long at = 0; at < header.clusterSize(); at += header.entrySize())
        useCluster(numbers.longAt(table + at));
    }
  }

  private void useCluster(long entry) {
    if (entry == 0) return;
    if ((entry & COMPRESSED) == 0) {
      long host = entry & OFFSET;
      if (host != 0) use(host, 1);
      return;
    }
    int offsetBits = 62 - (clusterBits - 8);
    long host = entry & (1L << offsetBits) - 1;
    long sectors = (entry >>> offsetBits & (1L << 62 - offsetBits) - 1) + 1;
    use(host & -SECTOR, sectors * SECTOR);
  }

  private void use(long offset, long length) {
    if (offset < 0 || offset >= fileLength || length <= 0) return;
    long last = Math.min(offset + length, fileLength) - 1 >>> clusterBits;
    long from = Math.max(offset >>> clusterBits, first);
    long to = Math.min(last, first + uses.length - 1);
    for (long cluster = from; cluster <= to; cluster++) {
      int i = (int) (cluster - first);
      if (uses[i] < Character.MAX_VALUE) uses[i]++;
    }
  }

  private long u32(long offset) throws IOException {
    return Integer.toUnsignedLong(numbers.intAt(offset));
  }

  // ---- what the counts say

  private void compare() throws IOException {
    int order = header.version() == 2 ? 4 : (int) u32(96);
    long perBlock = (long) header.clusterSize() * 8 >>> order;
    long table = numbers.longAt(48);
    long blocks = u32(56) * header.clusterSize() / REFCOUNT_TABLE_ENTRY;
    for (int i = 0; i < uses.length; ) {
      long index = (first + i) / perBlock;
      int run = (int) Math.min(uses.length - i, perBlock - (first + i) % perBlock);
      long block =
          index < blocks ? counts.longAt(table + REFCOUNT_TABLE_ENTRY * index) & OFFSET : 0;
      for (int k = 0; k < run; k++) compare(i + k, block, (first + i + k) % perBlock, order);
      i += run;
    }
  }

  private void compare(int i, long block, long place, int order) throws IOException {
    long count = block == 0 || block >= fileLength ? 0 : count(block, place, order);
    int used = uses[i];
    if (Long.compareUnsigned(count, used) > 0 && used < Character.MAX_VALUE) leaked++;
    if (Long.compareUnsigned(count, used) < 0 && tooLow++ == 0)
      firstTooLow = first + i << clusterBits;
  }

  private long count(long block, long place, int order) throws IOException {
    long bit = place << order;
    long word = counts.longAt(block + (bit >>> 6 << 3));
    int within = (int) (bit & 63);
    int bits = 1 << order;
    if (bits == 64) return word;
    // Fields of a byte and more lie in the order of the bytes, smaller ones from the lowest bit.
    int shift = bits >= 8 ? 64 - bits - within : 56 - (within & ~7) + (within & 7);
    return word >>> shift & (1L << bits) - 1;
  }

  private List<Finding> found() throws IOException {
    List<Finding> found = new ArrayList<>();
    boolean expected = header.isDirty();
    if (tooLow > 0)
      found.add(
          new Finding(
              "references",
              expected ? Finding.NOTE : Finding.DAMAGE,
              expected
                  ? "%d clusters are used more often than they are counted, as the mark of an unclean end says: QEMU counts anew when it opens the image"
                      .formatted(tooLow)
                  : "%d clusters are used more often than they are counted, the first at byte %d of the file: they can be read, but a program that writes to the image overwrites them; run 'qemu-img check -r all' on a copy"
                      .formatted(tooLow, firstTooLow)));
    if (leaked > 0 && !hasBitmaps())
      found.add(
          new Finding(
              "leakedClusters",
              Finding.LEAK,
              "%d clusters (%d bytes) are counted and not used; 'qemu-img check -r leaks' frees them"
                  .formatted(leaked, leaked << clusterBits)));
    return List.copyOf(found);
  }

  /** Whether the file keeps bitmaps of changed clusters for backups, which are not walked. */
  private boolean hasBitmaps() throws IOException {
    return header.version() == 3 && (numbers.longAt(88) & 1) != 0;
  }
}
