package dev.varve.io.vdi;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.FileCopy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Leaves an image's file dense: blocks at its end move down into places that hold nothing, and it
 * is cut behind the last. Done when everything is committed and nobody reads or writes.
 *
 * <p>Places that hold nothing are those of emptied blocks, and those that no block has, as a crash
 * leaves them. The latter make the header's count wrong for VirtualBox; where they are not filled,
 * blocks that are zero anyway get them and are emptied blocks then.
 *
 * <p>A crash in between leaves each entry at the old or the new place of its block, both of which
 * hold it, and the count perhaps too high, until the image is opened for writing again.
 */
final class DenseFile {

  /** So many bytes are moved when a disk is closed; holes that are left cost no space. */
  private static final long MOST_MOVED = 256 << 20;

  private record Stored(int block, int place) {}

  private record Move(int block, int from, int to) {}

  private final VdiImage image;
  private final BlockMap map;
  private final BlockAllocator allocator;
  private final FileBlocks fileBlocks;

  /** Places that hold something. */
  private final BitSet used = new BitSet();

  /** The emptied blocks, by their fileBlocks. */
  private final Map<Integer, Integer> emptied = new HashMap<>();

  private DenseFile(VdiImage image, FileBlocks fileBlocks) {
    this.image = image;
    this.map = image.map();
    this.allocator = image.allocator();
    this.fileBlocks = fileBlocks;
  }

  /**
   * Leaves an image as it is that was not changed, and whose file is exactly its fileBlocks. Waits.
   *
   * @throws IOException the file is good, and perhaps not dense
   */
  static void makeIfChanged(VdiImage image, FileBlocks fileBlocks) throws IOException {
    if (image.isChanged()
        || image.map().emptiedCount() > 0
        || !image.isCountRight()
        || fileBlocks.endsBeforeFile()) make(image, fileBlocks);
  }

  /** Makes the file dense whether it was changed or not. Waits. */
  static void make(VdiImage image, FileBlocks fileBlocks) throws IOException {
    boolean holesAreFree = image.file().punchesHoles();
    make(image, fileBlocks, holesAreFree ? MOST_MOVED : Long.MAX_VALUE);
  }

  /**
   * The same.
   *
   * @param mostMoved how many bytes are moved at most, unless the count would be wrong otherwise
   */
  static void make(VdiImage image, FileBlocks fileBlocks, long mostMoved) throws IOException {
    new DenseFile(image, fileBlocks).make(mostMoved / image.header().stride());
  }

  /**
   * Puts right what a crash left, moving as little as possible: afterwards the header counts the
   * places that entries name, and these lie one behind the other. Waits.
   *
   * @return false if it was right
   */
  static boolean correctCount(VdiImage image, FileBlocks fileBlocks) throws IOException {
    if (image.isCountRight()) return false;
    if (image.writtenHeader().allocatedBlocks() < image.allocator().count()) {
      writeCount(image); // VirtualBox would overwrite what lies behind it
      image.file().sync();
    }
    make(image, fileBlocks, 0);
    return true;
  }

  private static void writeCount(VdiImage image) throws IOException {
    image.header(image.header().withAllocatedBlocks(image.allocator().count()));
    image.writeHeader(image.header());
  }

  /** The order is that of a commit: first contents, then entries; the count falls at the end. */
  private void make(long mostMoves) throws IOException {
    if (allocator.unusedCount() > 0 || map.emptiedCount() > 0) fillHoles(mostMoves);
    writeCount(image);
    fileBlocks.cutFile();
    image.file().sync();
  }

  private void fillHoles(long mostMoves) throws IOException {
    List<Move> moves = chooseMoves(mostMoves);
    giveUpTargets(moves);
    List<Integer> left = moveDown(moves);
    left.addAll(giveUpBehind(used.length()));
    nameUnused();
    image.file().sync();
    commitMap();
    left.forEach(allocator::release);
  }

  /** The highest blocks move first, each into the lowest place that holds nothing. */
  private List<Move> chooseMoves(long most) throws IOException {
    List<Stored> stored = new ArrayList<>();
    BitSet free = allocator.unusedPlaces();
    map.forEach(
        (block, place) -> {
          if (!BlockEntry.isFileBlock(place)) return;
          if (map.isEmptied(block)) {
            emptied.put(place, block);
            free.set(place);
          } else {
            used.set(place);
            stored.add(new Stored(block, place));
          }
        });
    BitSet unused = allocator.unusedPlaces();
    int named = zeroBlocks(unused.cardinality()).size();
    stored.sort(Comparator.comparingInt(Stored::place).reversed());
    List<Move> moves = new ArrayList<>();
    for (Stored highest : stored) {
      boolean allowed = moves.size() < most;
      if (!allowed && unused.get(0, highest.place).cardinality() <= named) break;
      int target = (allowed ? free : unused).nextSetBit(0);
      if (target < 0 || target > highest.place) break;
      free.clear(target);
      unused.clear(target);
      moves.add(new Move(highest.block, highest.place, target));
    }
    return moves;
  }

  /** No entry may name a place any more when another block's contents are written there. */
  private void giveUpTargets(List<Move> moves) throws IOException {
    List<Integer> given = new ArrayList<>();
    for (Move move : moves) {
      Integer block = emptied.remove(move.to);
      if (block == null) continue;
      map.set(block, BlockEntry.ZERO);
      given.add(move.to);
    }
    if (given.isEmpty()) return;
    commitMap();
    given.forEach(allocator::release);
  }

  /** Returns the places that were left. */
  private List<Integer> moveDown(List<Move> moves) throws IOException {
    List<Integer> left = new ArrayList<>();
    try {
      for (Move move : moves) {
        fileBlocks.take(move.to);
        copy(move);
        map.set(move.block, move.to);
        used.set(move.to);
        used.clear(move.from);
        left.add(move.from);
      }
    } catch (OutOfSpaceException _) {
      // The host has no room to fill the holes: the file is good, but keeps them.
    }
    return left;
  }

  private void copy(Move move) throws IOException {
    try {
      FileCopy.copy(
          image.file(),
          image.blockOffset(move.from),
          image.blockOffset(move.to),
          image.header().visibleLength(move.block),
          image.file());
    } catch (IOException e) {
      fileBlocks.release(move.to);
      throw e;
    }
  }

  /** Takes the places behind the end from emptied blocks; returns them. */
  private List<Integer> giveUpBehind(int end) throws IOException {
    List<Integer> given = new ArrayList<>();
    for (var each : emptied.entrySet()) {
      if (each.getKey() < end) continue;
      map.set(each.getValue(), BlockEntry.ZERO);
      given.add(each.getKey());
    }
    return given;
  }

  /** Gives the unused places that are left to blocks that are zero anyway. */
  private void nameUnused() throws IOException {
    BitSet unused = allocator.unusedPlaces();
    unused.clear(used.length(), Math.max(used.length(), unused.length()));
    int place = -1;
    for (int block : zeroBlocks(unused.cardinality())) {
      place = unused.nextSetBit(place + 1);
      fileBlocks.takeEmpty(place);
      map.set(block, place);
      map.empty(block);
    }
  }

  /** Blocks, so many at most, that have no place and read as zeroes whatever lies below. */
  private List<Integer> zeroBlocks(int most) throws IOException {
    List<Integer> found = new ArrayList<>();
    if (most == 0) return found;
    VdiHeader header = image.header();
    boolean isBase =
        header.type() != ImageType.DIFFERENCING && header.parentUuid().equals(VdiHeader.NO_UUID);
    map.forEach(
        (block, entry) -> {
          boolean isZero = entry == BlockEntry.ZERO || isBase && entry == BlockEntry.FREE;
          if (isZero && found.size() < most) found.add(block);
        });
    return found;
  }

  private void commitMap() throws IOException {
    map.beginCommit();
    map.write();
    image.file().sync();
    map.endCommit();
  }
}
