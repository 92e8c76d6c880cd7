package dev.varve.io.vmdk;

import dev.varve.io.vmdk.header.SparseHeader;
import java.util.Arrays;

/**
 * Where a sparse extent keeps its metadata: the header, the descriptor, the directories, the
 * tables. In bytes of the file; not thread-safe.
 */
final class MetadataAreas {

  private static final int SECTOR = GrainDirectory.SECTOR;

  private long[] starts = new long[4];
  private long[] ends = new long[4];
  private int count;

  /** What the header names. */
  static MetadataAreas ofHeader(SparseHeader header) {
    var areas = new MetadataAreas();
    areas.add(0, SECTOR);
    if (header.hasDescriptor())
      areas.addSectors(header.descriptorSector(), header.descriptorSectors());
    areas.addSectors(header.directorySector(), header.directorySectors());
    if (header.hasRedundant())
      areas.addSectors(header.redundantSector(), header.directorySectors());
    return areas;
  }

  private void addSectors(long first, long sectors) {
    add(first * SECTOR, (first + sectors) * SECTOR);
  }

  void add(long start, long end) {
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, 2 * count);
      ends = Arrays.copyOf(ends, 2 * count);
    }
    starts[count] = start;
    ends[count++] = end;
  }

  /** Whether one of them has a byte of the range. Looks at all: only for a few areas. */
  boolean touch(long start, long end) {
    for (int i = 0; i < count; i++) if (start < ends[i] && starts[i] < end) return true;
    return false;
  }

  /**
   * Puts them in order, for {@link #touchSorted}.
   *
   * @return how many overlap the one before
   */
  int sort() {
    Long[] order = new Long[count];
    for (int i = 0; i < count; i++) order[i] = (long) i;
    long[] oldStarts = starts;
    long[] oldEnds = ends;
    Arrays.sort(
        order,
        (one, other) -> Long.compare(oldStarts[one.intValue()], oldStarts[other.intValue()]));
    starts = new long[count];
    ends = new long[count];
    int overlapping = 0;
    for (int i = 0; i < count; i++) {
      starts[i] = oldStarts[order[i].intValue()];
      ends[i] = oldEnds[order[i].intValue()];
      if (i == 0) continue;
      if (starts[i] < ends[i - 1]) overlapping++;
      ends[i] = Math.max(ends[i], ends[i - 1]);
    }
    return overlapping;
  }

  /** Whether one of the sorted areas has a byte of the range. */
  boolean touchSorted(long start, long end) {
    if (start >= end()) return false;
    int at = Arrays.binarySearch(starts, start);
    int next = at >= 0 ? at : -at - 1; // the first area that begins at or behind the start
    return next < count && starts[next] < end || next > 0 && ends[next - 1] > start;
  }

  /** Where the last of the sorted areas ends. */
  long end() {
    return count == 0 ? 0 : ends[count - 1];
  }
}
