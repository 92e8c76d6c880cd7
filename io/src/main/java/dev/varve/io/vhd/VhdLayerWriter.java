package dev.varve.io.vhd;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import java.io.IOException;

/**
 * Writes a dynamic or differencing image. A new block gets a place at the {@link FileEnd end of the
 * file}, with a bitmap that has all bits set; the commit writes its entry. A block that the image
 * holds in part keeps its place, and the commit sets the other bits of its bitmap.
 *
 * <p>A block is always complete in the file once its entry or its bitmap is written: QEMU ignores
 * bitmaps. Threads: as {@link LayerWriter} says.
 */
final class VhdLayerWriter implements LayerWriter {

  private final ImageFile file;
  private final VhdHead head;
  private final EntryTable table;
  private final Bitmaps bitmaps;
  private final FileEnd end;
  private final MapLock lock;

  /** Whether a commit collects its changes. Guarded by {@link #lock}. */
  private boolean collecting;

  /**
   * @param lock guards the table and the bitmaps
   */
  VhdLayerWriter(
      ImageFile file, VhdHead head, EntryTable table, Bitmaps bitmaps, FileEnd end, MapLock lock) {
    this.file = file;
    this.head = head;
    this.table = table;
    this.bitmaps = bitmaps;
    this.end = end;
    this.lock = lock;
  }

  // ---- what the format can say

  @Override
  public boolean makesHoles() throws IOException {
    return file.punchesHoles();
  }

  // ---- places

  @Override
  public long placeOf(int block) throws IOException {
    long start = startOf(block);
    return start < 0 ? Place.FREE : placeAt(start);
  }

  /** Where the bitmap of a block lies; negative if it has no place. */
  private long startOf(int block) throws IOException {
    synchronized (lock) {
      int entry = table.entry(block);
      return entry == BlockTable.FREE ? Place.FREE : BlockTable.offset(entry);
    }
  }

  private long placeAt(long start) {
    return Place.at(0, start + head.bitmapLength());
  }

  private long startAt(long place) {
    return Place.offset(place) - head.bitmapLength();
  }

  @Override
  public long take(int block, boolean overwritten) throws IOException {
    long start = startOf(block);
    if (start >= 0) {
      clearMissing(block, start);
      return placeAt(start);
    }
    start = end.take();
    try {
      bitmaps.writeFull(start);
    } catch (IOException e) {
      end.giveBack(start);
      throw e;
    }
    return placeAt(start);
  }

  /**
   * Zeroes the sectors whose bits are clear: their bytes can be anything. They stay invisible until
   * the bits are set.
   */
  private void clearMissing(int block, long start) throws IOException {
    int visible = head.visible(block);
    SectorBitmap held;
    synchronized (lock) {
      held = bitmaps.of(block, start, visible);
    }
    long data = start + head.bitmapLength();
    held.eachMissing(visible, (within, length) -> file.zero(data + within, length));
    if (visible < head.blockSize() && held != SectorBitmap.FULL)
      file.zero(data + visible, head.blockSize() - visible);
  }

  @Override
  public void giveBack(int block, long place) throws IOException {
    long start = startAt(place);
    if (startOf(block) != start) end.giveBack(start);
  }

  // ---- published

  @Override
  public void publish(int block, long place) throws IOException {
    assert lock.isHeld();
    long start = startAt(place);
    int entry = BlockTable.entryFor(start);
    if (table.entry(block) == entry) {
      bitmaps.complete(block, collecting);
      return;
    }
    bitmaps.appended(block);
    if (collecting) table.setInCommit(block, entry);
    else table.set(block, entry);
  }

  // ---- a commit

  private record Changes(boolean hasData, boolean hasEntries) implements Commit {}

  @Override
  public boolean needsCommit() {
    assert lock.isHeld();
    return table.hasChanges() || bitmaps.haveChanged();
  }

  @Override
  public void beginCommit() {
    assert lock.isHeld();
    table.beginCommit();
    bitmaps.beginCommit();
    collecting = true;
  }

  @Override
  public Commit collect(boolean changed) {
    assert lock.isHeld();
    collecting = false;
    return new Changes(changed, table.isCommitting() || bitmaps.areCommitting());
  }

  /** Nothing: the footer moved before the blocks were written. */
  @Override
  public void announce(Commit commit) {}

  /** Writes the bitmaps of blocks that became complete, and the changed pages of the table. */
  @Override
  public void writeEntries() throws IOException {
    for (int block : bitmaps.committed()) bitmaps.writeFull(startOf(block));
    table.write();
  }

  @Override
  public void endCommit() {
    assert lock.isHeld();
    table.endCommit();
    bitmaps.endCommit();
  }

  @Override
  public void abandonCommit() {
    assert lock.isHeld();
    collecting = false;
  }

  // ---- the end

  /** {@inheritDoc} Blocks do not move: only the space behind the last one is cut off. */
  @Override
  public void makeDense(boolean alsoUnchanged) throws IOException {
    if (end.cut()) file.sync();
  }

  @Override
  public void cutFile() throws IOException {
    end.cut();
  }
}
