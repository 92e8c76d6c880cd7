package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What one pass over a block map finds: which places of the file are in use, and which blocks
 * cannot be where they claim to be. Not thread safe.
 */
final class MapScan {

  /** What there is to say of an entry. */
  enum Verdict {
    NOT_STORED,
    GOOD,
    OUTSIDE,
    SHARING
  }

  /** Some blocks: how many, and the first of them for messages. */
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
   * Places in the file that no block can have; they can be anywhere, so a bit for each is too much.
   */
  private final Set<Integer> usedTooHigh = new HashSet<>();

  private final Blocks outside = new Blocks();
  private final Blocks sharing = new Blocks();
  private final Blocks high = new Blocks();

  /** Has judged nothing yet. */
  MapScan(VdiHeader header, long fileLength) {
    this.header = header;
    this.fileLength = fileLength;
  }

  /** Judges the block map of a file. */
  static MapScan of(ImageFile file, VdiHeader header) throws IOException {
    var scan = new MapScan(header, file.length());
    var map = new BlockMap(file, header.mapOffset(), header.blockCount());
    map.forEach(scan::judge);
    return scan;
  }

  /** Takes the next entry, in the order of blocks: of two that share a place the first is good. */
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

  /** Blocks of which something lies behind the end of the file. */
  Blocks outside() {
    return outside;
  }

  /** Blocks in the place of an earlier one. */
  Blocks sharing() {
    return sharing;
  }

  /** Good blocks in a place whose number is too high. */
  Blocks high() {
    return high;
  }

  /** How many places good blocks use, those too high not counted. */
  int placesUsed() {
    return used.cardinality();
  }

  /** One more than the number of the highest place in use, those too high not counted. */
  int placesSpanned() {
    return used.length();
  }

  /** How many places the image needs for its good blocks. */
  int placesNeeded() {
    return used.cardinality() + usedTooHigh.size();
  }

  /** The first place from {@code from} on that no good block uses. */
  int nextUnused(int from) {
    return used.nextClearBit(from);
  }

  /** Where in the file {@code places} places end. */
  long endOf(int places) {
    return header.dataOffset() + places * header.stride();
  }

  /** Whether the file ends behind so many places; one without places may end anywhere before. */
  boolean endsAt(int places) {
    return fileLength == endOf(places) || (places == 0 && fileLength < endOf(0));
  }

  /** Whether every block is where it claims to be, and no other. */
  boolean isGood() {
    return outside.isEmpty() && sharing.isEmpty() && usedTooHigh.isEmpty();
  }

  /** Whether the header counts the good blocks, and they lie one behind the other. */
  boolean isCounted() {
    return placesSpanned() == placesUsed() && header.allocatedBlocks() == placesUsed();
  }

  /** Whether all blocks are good, and there is something else besides. */
  boolean hasLeftovers() {
    return isGood() && (!isCounted() || fileLength > endOf(placesUsed()));
  }

  /** Whether the file is exactly its good blocks, one behind the other, and nothing is wrong. */
  boolean isDense() {
    return isGood() && isCounted() && endsAt(placesUsed());
  }
}
