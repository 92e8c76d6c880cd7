package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The result of one pass over a block map: which file blocks are in use, and which entries are
 * wrong. Not thread-safe.
 */
final class MapScan {

  /** The verdict on an entry. */
  enum Verdict {
    NOT_STORED,
    GOOD,
    OUTSIDE,
    SHARING
  }

  /** A number of blocks, and the first of them for messages. */
  static final class Blocks {
    private static final int NAMED = 10;

    private final List<Integer> first = new ArrayList<>();
    private int count;

    void add(int block) {
      if (count++ < NAMED) first.add(block);
    }

    boolean isEmpty() {
      return count == 0;
    }

    /** Such as "2 blocks (3, 7)". */
    @Override
    public String toString() {
      String noun = count == 1 ? " block " : " blocks ";
      String more = count > NAMED ? ", ...)" : ")";
      return count + noun + first.toString().replace('[', '(').replace("]", more);
    }
  }

  private final VdiHeader header;
  private final long fileLength;
  private final BitSet used = new BitSet();

  /**
   * File blocks in use whose numbers are too high for the format. A set, since a bit for each
   * possible number takes too much memory.
   */
  private final Set<Integer> usedTooHigh = new HashSet<>();

  private final Blocks outside = new Blocks();
  private final Blocks sharing = new Blocks();
  private final Blocks high = new Blocks();

  /** A scan before its first entry. */
  MapScan(VdiHeader header, long fileLength) {
    this.header = header;
    this.fileLength = fileLength;
  }

  /** Scans the block map of a file. */
  static MapScan of(ImageFile file, VdiHeader header) throws IOException {
    var scan = new MapScan(header, file.length());
    var map = new BlockMap(file, header.mapOffset(), header.blockCount());
    map.forEach(scan::judge);
    return scan;
  }

  /**
   * Judges the next entry, in the order of blocks. Of two blocks with the same file block, the
   * first is good.
   */
  Verdict judge(int block, int entry) {
    if (!BlockEntry.isFileBlock(entry)) return Verdict.NOT_STORED;
    if (header.blockOffset(entry) + header.visibleLength(block) > fileLength) {
      outside.add(block);
      return Verdict.OUTSIDE;
    }
    boolean tooHigh = Integer.compareUnsigned(entry, header.blockCount()) >= 0;
    if (tooHigh ? !usedTooHigh.add(entry) : used.get(entry)) {
      sharing.add(block);
      return Verdict.SHARING;
    }
    if (tooHigh) {
      high.add(block);
    } else {
      used.set(entry);
    }
    return Verdict.GOOD;
  }

  VdiHeader header() {
    return header;
  }

  long fileLength() {
    return fileLength;
  }

  /** Blocks that lie wholly or in part behind the end of the file. */
  Blocks outside() {
    return outside;
  }

  /** Blocks with the file block of an earlier one. */
  Blocks sharing() {
    return sharing;
  }

  /** Good blocks with a file block whose number is too high. */
  Blocks high() {
    return high;
  }

  /** How many file blocks good blocks use, without those that are too high. */
  int fileBlocksUsed() {
    return used.cardinality();
  }

  /** One more than the highest file block in use, without those that are too high. */
  int fileBlocksSpanned() {
    return used.length();
  }

  /** How many file blocks the image needs for its good blocks. */
  int fileBlocksNeeded() {
    return used.cardinality() + usedTooHigh.size();
  }

  /** The first file block from {@code from} on that no good block uses. */
  int nextUnused(int from) {
    return used.nextClearBit(from);
  }

  /** The offset at which the first {@code fileBlocks} file blocks end. */
  long endOf(int fileBlocks) {
    return header.dataOffset() + fileBlocks * header.stride();
  }

  /**
   * Whether the file ends behind the first {@code fileBlocks} file blocks; a file without any may
   * be shorter.
   */
  boolean endsAt(int fileBlocks) {
    return fileLength == endOf(fileBlocks) || (fileBlocks == 0 && fileLength < endOf(0));
  }

  /** Whether every entry is right. */
  boolean isGood() {
    return outside.isEmpty() && sharing.isEmpty() && usedTooHigh.isEmpty();
  }

  /** Whether the header counts the good blocks, and no unused file block lies between them. */
  boolean isCounted() {
    return fileBlocksSpanned() == fileBlocksUsed() && header.allocatedBlocks() == fileBlocksUsed();
  }

  /** Whether every entry is right, but the count is wrong or the file is too long. */
  boolean hasLeftovers() {
    return isGood() && (!isCounted() || fileLength > endOf(fileBlocksUsed()));
  }

  /** Whether nothing is wrong and the file holds exactly the blocks in use. */
  boolean isDense() {
    return isGood() && isCounted() && endsAt(fileBlocksUsed());
  }
}
