package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where each block of one image lies: VDI's table of 32-bit entries, {@link BlockEntry#FREE},
 * {@link BlockEntry#ZERO} or the number of a file block (VDI.md section 1, "Block map entry").
 *
 * <p>Entries that change live in private memory until a commit writes them, page by page, since an
 * entry must not reach the file before the block that it names. Not thread safe: the image's owner
 * guards it.
 */
public class BlockMap {

  private static final int PAGE_ENTRIES = 1024;
  private static final int SCAN_ENTRIES = 64 * PAGE_ENTRIES;

  private final ImageFile file;
  private final long offset;
  private final int blockCount;
  private TreeMap<Integer, int[]> changed = new TreeMap<>();
  private TreeMap<Integer, int[]> committing = new TreeMap<>();

  BlockMap(ImageFile file, long offset, int blockCount) {
    this.file = file;
    this.offset = offset;
    this.blockCount = blockCount;
  }

  /** How many blocks the image has. */
  public int blockCount() {
    return blockCount;
  }

  /** The entry of a block. May wait for the medium. */
  public int entry(int block) throws IOException {
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
    int page = block / PAGE_ENTRIES;
    int[] entries = changed.get(page);
    if (entries == null) {
      int[] current = committing.get(page);
      entries = current != null ? current.clone() : readPage(page);
      changed.put(page, entries);
    }
    entries[block % PAGE_ENTRIES] = entry;
  }

  /** Whether there are changes that no commit has brought to the file yet. */
  public boolean hasChanges() {
    return !changed.isEmpty() || !committing.isEmpty();
  }

  /**
   * Sets the changes so far apart, to be written; later ones wait for the next commit. Only one
   * commit at a time.
   */
  public void beginCommit() {
    // A commit that failed left its pages behind: they are written again, unless they changed once
    // more.
    committing.putAll(changed);
    changed = new TreeMap<>();
  }

  /**
   * Writes what {@link #beginCommit} set apart. The pages do not change meanwhile, so the owner's
   * lock is not needed.
   */
  public void write() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment page = arena.allocate(4L * PAGE_ENTRIES, 8);
      for (var entry : committing.entrySet()) {
        int first = entry.getKey() * PAGE_ENTRIES;
        int count = Math.min(PAGE_ENTRIES, blockCount - first);
        int[] entries = entry.getValue();
        for (int i = 0; i < count; i++) page.set(BlockEntry.LAYOUT, 4L * i, entries[i]);
        file.write(offset + 4L * first, page.asSlice(0, 4L * count));
      }
    }
  }

  /** Forgets what {@link #write} wrote: from now on the file says it. */
  public void endCommit() {
    committing = new TreeMap<>();
  }

  /**
   * Hands every entry to {@code sink}, in order; costs one pass over the map in the file. May wait
   * for the medium.
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
