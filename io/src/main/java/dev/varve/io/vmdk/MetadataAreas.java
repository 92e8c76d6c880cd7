package dev.varve.io.vmdk;

import dev.varve.io.vmdk.header.SparseHeader;
import java.util.Arrays;

/**
 * Where a sparse extent keeps its metadata: the header, the descriptor, the directories, the
 * tables. In bytes of the file. Takes 8 bytes for a table; not thread-safe.
 */
final class MetadataAreas {

  private static final int SECTOR = GrainDirectory.SECTOR;

  /** The most areas that the header names. */
  private static final int MOST_NAMED = 4;

  /** What the header names: the start and the end of each area. */
  private final long[] named = new long[2 * MOST_NAMED];

  private int namedCount;

  private final int tableLength;
  private long[] tables = new long[MOST_NAMED];
  private int tableCount;

  private MetadataAreas(int tableLength) {
    this.tableLength = tableLength;
  }

  /** What the header names. */
  static MetadataAreas ofHeader(SparseHeader header) {
    var areas = new MetadataAreas(header.tableSectors() * SECTOR);
    areas.name(0, 1);
    if (header.hasDescriptor()) areas.name(header.descriptorSector(), header.descriptorSectors());
    areas.name(header.directorySector(), header.directorySectors());
    if (header.hasRedundant()) areas.name(header.redundantSector(), header.directorySectors());
    return areas;
  }

  private void name(long first, long sectors) {
    named[namedCount++] = first * SECTOR;
    named[namedCount++] = (first + sectors) * SECTOR;
  }

  void addTable(long start) {
    if (tableCount == tables.length) tables = Arrays.copyOf(tables, 2 * tableCount);
    tables[tableCount++] = start;
  }

  /** Whether an area that the header names has a byte of the range. */
  boolean touchNamed(long start, long end) {
    for (int i = 0; i < namedCount; i += 2) if (start < named[i + 1] && named[i] < end) return true;
    return false;
  }

  /**
   * Puts the tables in order, for {@link #touch}.
   *
   * @return how many areas overlap the one before
   */
  int sort() {
    Arrays.sort(tables, 0, tableCount);
    int overlapping = 0;
    for (int i = 0; i < tableCount; i++) {
      boolean overNext = i > 0 && tables[i] < tables[i - 1] + tableLength;
      if (overNext || touchNamed(tables[i], tables[i] + tableLength)) overlapping++;
    }
    for (int i = 0; i < namedCount; i += 2)
      for (int other = 0; other < i; other += 2)
        if (named[i] < named[other + 1] && named[other] < named[i + 1]) overlapping++;
    return overlapping;
  }

  /** Whether an area, or a table after they were sorted, has a byte of the range. */
  boolean touch(long start, long end) {
    if (touchNamed(start, end)) return true;
    int at = Arrays.binarySearch(tables, 0, tableCount, start);
    int next = at >= 0 ? at : -at - 1; // the first table that begins at or behind the start
    return next < tableCount && tables[next] < end
        || next > 0 && tables[next - 1] + tableLength > start;
  }

  /** Where the last of the areas ends, after the tables were sorted. */
  long end() {
    long end = tableCount == 0 ? 0 : tables[tableCount - 1] + tableLength;
    for (int i = 1; i < namedCount; i += 2) end = Math.max(end, named[i]);
    return end;
  }
}
