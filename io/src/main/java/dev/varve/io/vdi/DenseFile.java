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
 * Makes an image's file dense: blocks at its end move down into file blocks without contents, and
 * the file is cut behind the last one. Runs after the last commit, when nothing reads or writes the
 * image. One thread; waits.
 *
 * <p>File blocks without contents are those of emptied blocks, and <i>unused</i> ones that no block
 * has, as after a crash. Unused file blocks make the header's count wrong for VirtualBox. An unused
 * file block that is not filled is given to a block that is zero anyway, which is an emptied block
 * then.
 *
 * <p>A crash leaves each entry at the old or the new file block, both of which hold the contents.
 * The count may be too high until the image is opened for writing again.
 */
final class DenseFile {

  /** How many bytes are moved at most when a disk is closed; holes that remain cost no space. */
  private static final long MOST_MOVED = 256 << 20;

  private record Stored(int block, int fileBlock) {}

  private record Move(int block, int from, int to) {}

  private final VdiImage image;
  private final BlockMap map;
  private final BlockAllocator allocator;
  private final FileBlocks fileBlocks;

  /** File blocks with contents. */
  private final BitSet used = new BitSet();

  /** The emptied blocks, by their file blocks. */
  private final Map<Integer, Integer> emptied = new HashMap<>();

  private DenseFile(VdiImage image, FileBlocks fileBlocks) {
    this.image = image;
    this.map = image.map();
    this.allocator = image.allocator();
    this.fileBlocks = fileBlocks;
  }

  /**
   * Makes the file dense, unless the image was not changed and its file holds exactly the blocks in
   * use. Waits.
   *
   * @throws IOException if it fails; the file is valid, but perhaps not dense
   */
  static void makeIfChanged(VdiImage image, FileBlocks fileBlocks) throws IOException {
    if (image.isChanged()
        || image.map().emptiedCount() > 0
        || !image.isCountRight()
        || fileBlocks.endsBeforeFile()) make(image, fileBlocks);
  }

  /** Makes the file dense whether the image was changed or not. Waits. */
  static void make(VdiImage image, FileBlocks fileBlocks) throws IOException {
    boolean holesAreFree = image.file().punchesHoles();
    make(image, fileBlocks, holesAreFree ? MOST_MOVED : Long.MAX_VALUE);
  }

  /**
   * The same.
   *
   * @param mostMoved how many bytes are moved at most; more are moved only if the count would be
   *     wrong otherwise
   */
  static void make(VdiImage image, FileBlocks fileBlocks, long mostMoved) throws IOException {
    new DenseFile(image, fileBlocks).make(mostMoved / image.header().stride());
  }

  /**
   * Corrects the header's count after a crash, and moves as little as possible. Afterwards the
   * header counts the file blocks that entries name, and there are no unused ones between them.
   * Waits.
   *
   * @return false if the count was right
   */
  static boolean correctCount(VdiImage image, FileBlocks fileBlocks) throws IOException {
    if (image.isCountRight()) return false;
    if (image.writtenHeader().allocatedBlocks() < image.allocator().count()) {
      writeCount(image); // VirtualBox would overwrite the file blocks behind the count
      image.file().sync();
    }
    make(image, fileBlocks, 0);
    return true;
  }

  private static void writeCount(VdiImage image) throws IOException {
    image.header(image.header().withAllocatedBlocks(image.allocator().count()));
    image.writeHeader(image.header());
  }

  /** The order is that of a commit: first contents, then entries, and at last a lower count. */
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

  /** The highest file blocks move first, each into the lowest one without contents. */
  private List<Move> chooseMoves(long most) throws IOException {
    List<Stored> stored = new ArrayList<>();
    BitSet free = allocator.unusedFileBlocks();
    map.forEach(
        (block, fileBlock) -> {
          if (!BlockEntry.isFileBlock(fileBlock)) return;
          if (map.isEmptied(block)) {
            emptied.put(fileBlock, block);
            free.set(fileBlock);
          } else {
            used.set(fileBlock);
            stored.add(new Stored(block, fileBlock));
          }
        });
    BitSet unused = allocator.unusedFileBlocks();
    int named = zeroBlocks(unused.cardinality()).size();
    stored.sort(Comparator.comparingInt(Stored::fileBlock).reversed());
    List<Move> moves = new ArrayList<>();
    for (Stored highest : stored) {
      boolean allowed = moves.size() < most;
      if (!allowed && unused.get(0, highest.fileBlock).cardinality() <= named) break;
      int target = (allowed ? free : unused).nextSetBit(0);
      if (target < 0 || target > highest.fileBlock) break;
      free.clear(target);
      unused.clear(target);
      moves.add(new Move(highest.block, highest.fileBlock, target));
    }
    return moves;
  }

  /**
   * Before the contents of a block are written to a file block, no other entry may name that file
   * block.
   */
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

  /** Returns the file blocks that the blocks have left. */
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
      // The host has no space to fill the holes: the file is valid, but keeps them.
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

  /** Takes the file blocks from {@code end} on away from emptied blocks; returns them. */
  private List<Integer> giveUpBehind(int end) throws IOException {
    List<Integer> given = new ArrayList<>();
    for (var each : emptied.entrySet()) {
      if (each.getKey() < end) continue;
      map.set(each.getValue(), BlockEntry.ZERO);
      given.add(each.getKey());
    }
    return given;
  }

  /** Gives the remaining unused file blocks to blocks that are zero anyway. */
  private void nameUnused() throws IOException {
    BitSet unused = allocator.unusedFileBlocks();
    unused.clear(used.length(), Math.max(used.length(), unused.length()));
    int fileBlock = -1;
    for (int block : zeroBlocks(unused.cardinality())) {
      fileBlock = unused.nextSetBit(fileBlock + 1);
      fileBlocks.takeEmpty(fileBlock);
      map.set(block, fileBlock);
      map.empty(block);
    }
  }

  /** Up to {@code most} blocks that have no file block and read as zeroes, whatever lies below. */
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
