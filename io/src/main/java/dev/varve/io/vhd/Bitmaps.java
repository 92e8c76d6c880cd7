package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The bitmaps of an image's blocks. The ones that were read last stay in memory.
 *
 * <p>A block that the image holds in part can be made {@link #complete complete}: its bitmap in the
 * file changes with the commit, after the contents are durable.
 *
 * <p>Not thread-safe: the map lock of the disk guards it.
 */
final class Bitmaps {

  private static final int KEPT_BYTES = 1 << 20;

  private final ImageFile file;
  private final int blockSize;
  private final int length;
  private final int kept;
  private final Map<Integer, SectorBitmap> known = new LinkedHashMap<>(16, 0.75f, true);
  private Set<Integer> completed = new HashSet<>();
  private Set<Integer> committing = new HashSet<>();

  Bitmaps(ImageFile file, int blockSize) {
    this.file = file;
    this.blockSize = blockSize;
    this.length = VhdHead.bitmapLength(blockSize);
    this.kept = Math.max(16, KEPT_BYTES / length);
  }

  /**
   * The bitmap of a block.
   *
   * @param at the offset of the bitmap in the file
   * @param visible how many bytes of the block count
   */
  SectorBitmap of(int block, long at, int visible) throws IOException {
    SectorBitmap bitmap = known.get(block);
    if (bitmap != null) return bitmap;
    if (completed.contains(block) || committing.contains(block)) return SectorBitmap.FULL;
    bitmap = SectorBitmap.read(file, at, length, Math.ceilDiv(visible, SECTOR));
    if (known.size() >= kept) known.remove(known.keySet().iterator().next());
    known.put(block, bitmap);
    return bitmap;
  }

  /** Notes that the bitmap of a new block, with all bits set, was written to the file. */
  void appended(int block) {
    known.remove(block);
  }

  // ---- changed

  /**
   * Notes that the image holds all of the block from now on.
   *
   * @param inCommit whether the commit that has begun makes that durable, or the next one
   */
  void complete(int block, boolean inCommit) {
    known.remove(block);
    if (inCommit) committing.add(block);
    else completed.add(block);
  }

  boolean haveChanged() {
    return !completed.isEmpty() || !committing.isEmpty();
  }

  boolean areCommitting() {
    return !committing.isEmpty();
  }

  void beginCommit() {
    committing.addAll(completed); // with those of a commit that failed
    completed = new HashSet<>();
  }

  /** The blocks that became complete in this commit. */
  Set<Integer> committed() {
    return Set.copyOf(committing);
  }

  void endCommit() {
    committing = new HashSet<>();
  }

  /** Writes the bitmap of a block that the image holds whole. */
  void writeFull(long at) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      file.write(at, SectorBitmap.allSet(arena, blockSize, length));
    }
  }
}
