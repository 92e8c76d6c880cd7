package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Where each block of one image lies: VDI's table of 32-bit entries, {@link BlockEntry#FREE},
 * {@link BlockEntry#ZERO} or the number of a file block (VDI.md section 1, "Block map entry").
 *
 * <p>Changed entries stay in private memory until a commit writes them page by page, since an entry
 * must not reach the file before the contents of its file block.
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
  private static final int SCAN_ENTRIES = 64 * PAGE_ENTRIES;

  private final ImageFile file;
  private final long offset;
  private final int blockCount;
  private TreeMap<Integer, int[]> changed = new TreeMap<>();
  private TreeMap<Integer, int[]> committing = new TreeMap<>();

  /** The entries that the file had in changed pages, as far as they are known. */
  private final Map<Integer, int[]> before = new ConcurrentHashMap<>();

  /** Blocks that are zero though their entries name file blocks. */
  private final BitSet emptied = new BitSet();

  BlockMap(ImageFile file, long offset, int blockCount) {
    this.file = file;
    this.offset = offset;
    this.blockCount = blockCount;
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
    int page = block / PAGE_ENTRIES;
    int[] entries = inMemory(page);
    if (entries != null) return entries[block % PAGE_ENTRIES];
    long at = offset + 4L * block;
    MemorySegment mapping = file.mapping();
    if (at + 4 > mapping.byteSize()) return readPage(page)[block % PAGE_ENTRIES];
    try {
      return mapping.get(BlockEntry.LAYOUT, at);
    } catch (InternalError e) {
      throw new IOException(file.name() + ": the block map cannot be read at offset " + at, e);
    }
  }

  /** Changes an entry in memory; {@link #beginCommit} and {@link #write} bring it to the file. */
  public void set(int block, int entry) throws IOException {
    emptied.clear(block);
    if (fileEntry(block) == entry) return;
    int page = block / PAGE_ENTRIES;
    int[] entries = changed.get(page);
    if (entries == null) {
      int[] current = committing.get(page);
      entries = current != null ? current.clone() : pageToChange(page);
      changed.put(page, entries);
    }
    entries[block % PAGE_ENTRIES] = entry;
  }

  /**
   * Changes an entry as {@link #set} does, and makes the change part of the commit that has begun.
   */
  public void setInCommit(int block, int entry) throws IOException {
    emptied.clear(block);
    int page = block / PAGE_ENTRIES;
    int[] entries = committing.get(page);
    if (entries == null) {
      entries = pageToChange(page);
      committing.put(page, entries);
    }
    entries[block % PAGE_ENTRIES] = entry;
    int[] later = changed.get(page);
    if (later != null) later[block % PAGE_ENTRIES] = entry;
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

  /** Whether there are changes that no commit has written to the file yet. */
  public boolean hasChanges() {
    return !changed.isEmpty() || !committing.isEmpty();
  }

  /** Whether a commit has begun that has entries to write. */
  public boolean isCommitting() {
    return !committing.isEmpty();
  }

  /**
   * Begins a commit of the changes so far; later changes wait for the next commit. Only one commit
   * at a time.
   */
  public void beginCommit() {
    // The pages of a failed commit are written again, unless they have changed since.
    committing.putAll(changed);
    changed = new TreeMap<>();
  }

  /**
   * Writes the pages of the commit that has begun. Needs no lock: between the last {@link
   * #setInCommit} and {@link #endCommit} these pages do not change.
   *
   * @throws IOException if writing fails, or another program has changed a page
   */
  public void write() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(4L * PAGE_ENTRIES, 8);
      for (var entry : committing.entrySet()) {
        int first = entry.getKey() * PAGE_ENTRIES;
        int count = Math.min(PAGE_ENTRIES, blockCount - first);
        int[] entries = entry.getValue();
        int @Nullable [] known = before.remove(entry.getKey()); // unknown if the write fails
        if (known != null && !Arrays.equals(known, readPage(entry.getKey())))
          throw VdiImage.foreign(file, "its block map");
        for (int i = 0; i < count; i++) page.set(BlockEntry.LAYOUT, 4L * i, entries[i]);
        file.write(offset + 4L * first, page.asSlice(0, 4L * count));
        before.put(entry.getKey(), entries);
      }
    }
  }

  /** Ends the commit: the written pages are now read from the file. */
  public void endCommit() {
    committing = new TreeMap<>();
    before.keySet().retainAll(changed.keySet());
  }

  /**
   * Passes every entry to {@code sink}, in order, as {@link #fileEntry} returns it. Reads the map
   * in the file once. May wait for the medium.
   */
  public void forEach(Sink sink) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4L * Math.min(SCAN_ENTRIES, blockCount), 8);
      for (int first = 0; first < blockCount; first += SCAN_ENTRIES) {
        int count = Math.min(SCAN_ENTRIES, blockCount - first);
        file.read(offset + 4L * first, bytes.asSlice(0, 4L * count));
        for (int start = 0; start < count; start += PAGE_ENTRIES) {
          int[] entries = inMemory((first + start) / PAGE_ENTRIES);
          for (int i = start; i < Math.min(count, start + PAGE_ENTRIES); i++) {
            sink.entry(
                first + i,
                entries != null ? entries[i - start] : bytes.get(BlockEntry.LAYOUT, 4L * i));
          }
        }
      }
    }
  }

  private int @Nullable [] inMemory(int page) {
    int[] entries = changed.get(page);
    return entries != null ? entries : committing.get(page);
  }

  private int[] pageToChange(int page) throws IOException {
    int[] entries = readPage(page);
    before.put(page, entries.clone());
    return entries;
  }

  private int[] readPage(int page) throws IOException {
    int first = page * PAGE_ENTRIES;
    int count = Math.min(PAGE_ENTRIES, blockCount - first);
    var entries = new int[PAGE_ENTRIES];
    Arrays.fill(entries, BlockEntry.FREE);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4L * count, 8);
      file.read(offset + 4L * first, bytes);
      for (int i = 0; i < count; i++) entries[i] = bytes.get(BlockEntry.LAYOUT, 4L * i);
    }
    return entries;
  }

  /** Takes entries. */
  public interface Sink {
    void entry(int block, int entry) throws IOException;
  }
}
