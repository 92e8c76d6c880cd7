package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * Where each block of one image lies: VDI's table of 32-bit entries, {@link BlockEntry#FREE},
 * {@link BlockEntry#ZERO} or the number of a file block (VDI.md section 1, "Block map entry").
 *
 * <p>Changed entries stay in memory until a commit, see {@link EntryTable}.
 *
 * <p>A block that has a file block can be {@link #empty emptied}. From then on the block is zero,
 * and its entry in the file still names the file block, whose bytes the owner turns into zeroes.
 * Thus discards leave the number of entries that name a file block unchanged. VirtualBox relies on
 * that number being the header's count.
 *
 * <p>Not thread-safe: the owner of the image guards it with the map lock of its disk.
 */
public class BlockMap {

  private static final int PAGE_ENTRIES = 1024;

  private final int blockCount;
  private final EntryTable entries;

  /** Blocks that are zero though their entries name file blocks. */
  private final BitSet emptied = new BitSet();

  BlockMap(ImageFile file, long offset, int blockCount) {
    this.blockCount = blockCount;
    this.entries = new EntryTable(file, new Pages(offset, blockCount));
  }

  private record Pages(long start, int entries) implements EntryTable.Layout {
    @Override
    public int pageEntries() {
      return PAGE_ENTRIES;
    }

    @Override
    public ValueLayout.OfInt entry() {
      return BlockEntry.LAYOUT;
    }

    @Override
    public long offset(int page) {
      return start + 4L * PAGE_ENTRIES * page;
    }

    @Override
    public int absent() {
      return BlockEntry.FREE;
    }

    @Override
    public String name() {
      return "its block map";
    }
  }

  /** How many blocks the image has. */
  public int blockCount() {
    return blockCount;
  }

  /** The present state of a block: free, zero, or its file block. May wait for the medium. */
  public int entry(int block) throws IOException {
    return emptied.get(block) ? BlockEntry.ZERO : fileEntry(block);
  }

  /**
   * The entry as it is in the file, or will be after the next commit. The entry of an emptied block
   * names the file block that it keeps. May wait for the medium.
   */
  public int fileEntry(int block) throws IOException {
    return entries.entry(block);
  }

  /** See {@link EntryTable#set}. */
  public void set(int block, int entry) throws IOException {
    emptied.clear(block);
    entries.set(block, entry);
  }

  /** See {@link EntryTable#setInCommit}. */
  public void setInCommit(int block, int entry) throws IOException {
    emptied.clear(block);
    entries.setInCommit(block, entry);
  }

  /**
   * Makes a block zero and keeps its entry, which names a file block. The caller must zero the file
   * block before the next commit becomes durable.
   */
  public void empty(int block) throws IOException {
    assert BlockEntry.isFileBlock(fileEntry(block))
        : "only a block with a file block can be emptied";
    emptied.set(block);
  }

  /** Whether a block is zero though its entry in the file names a file block. */
  public boolean isEmptied(int block) {
    return emptied.get(block);
  }

  /** How many blocks are emptied. */
  public int emptiedCount() {
    return emptied.cardinality();
  }

  /** The first emptied block from {@code block} on, or -1. */
  public int nextEmptied(int block) {
    return emptied.nextSetBit(block);
  }

  /** See {@link EntryTable#hasChanges}. */
  public boolean hasChanges() {
    return entries.hasChanges();
  }

  /** See {@link EntryTable#isCommitting}. */
  public boolean isCommitting() {
    return entries.isCommitting();
  }

  /** See {@link EntryTable#beginCommit}. */
  public void beginCommit() {
    entries.beginCommit();
  }

  /** See {@link EntryTable#write}. */
  public void write() throws IOException {
    entries.write();
  }

  /** See {@link EntryTable#endCommit}. */
  public void endCommit() {
    entries.endCommit();
  }

  /** Passes every entry to {@code sink}, in order, as {@link #fileEntry} returns it. */
  public void forEach(EntryTable.Sink sink) throws IOException {
    entries.forEach(sink);
  }
}
