package dev.varve.io.layer;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A table of 32-bit entries in a file that says where blocks lie: VDI's block map, the grain tables
 * of a VMDK extent, VHD's block allocation table. What an entry means is the format's.
 *
 * <p>Changed entries stay in private memory until a commit writes them page by page, since an entry
 * must not reach the file before the contents that it names. A page is what one commit writes at
 * once; pages can lie anywhere in the file, and in two copies.
 *
 * <p>Not thread-safe: the owner of the image guards it with the map lock of its disk.
 */
public final class EntryTable {

  /** The value of {@link Layout#offset} of a page that the file does not have yet. */
  public static final long NOWHERE = -1;

  /** How many entries are read at once, at most. */
  private static final int SCAN_ENTRIES = 1 << 16;

  /** Where the pages of a table lie. */
  public interface Layout {

    /** How many entries the table has. */
    int entries();

    /** How many entries a page has, a power of two; the last page can be shorter. */
    int pageEntries();

    /** How an entry is stored; without alignment. */
    ValueLayout.OfInt entry();

    /** The offset of a page in the file, or {@link #NOWHERE}. */
    long offset(int page);

    /** The offset of a page's copy, which is written after the page; {@link #NOWHERE} if none. */
    default long copy(int page) {
      return NOWHERE;
    }

    /**
     * The value of all entries of a page that the file does not have yet. A page that is made later
     * begins with it.
     */
    int absent();

    /** What the table is, for messages: "its block map". */
    String name();
  }

  private final ImageFile file;
  private final Layout layout;
  private final ValueLayout.OfInt entryLayout;
  private final int pageEntries;
  private TreeMap<Integer, int[]> changed = new TreeMap<>();
  private TreeMap<Integer, int[]> committing = new TreeMap<>();

  /** The entries that the file had in changed pages, as far as they are known. */
  private final Map<Integer, int[]> before = new ConcurrentHashMap<>();

  public EntryTable(ImageFile file, Layout layout) {
    this.file = file;
    this.layout = layout;
    this.entryLayout = layout.entry();
    this.pageEntries = layout.pageEntries();
  }

  /** The entry as it is in the file, or will be after the next commit. May wait for the medium. */
  public int entry(int index) throws IOException {
    int page = index / pageEntries;
    int[] entries = inMemory(page);
    if (entries != null) return entries[index % pageEntries];
    long start = layout.offset(page);
    if (start == NOWHERE) return layout.absent();
    long at = start + 4L * (index % pageEntries);
    MemorySegment mapping = file.mapping();
    if (at + 4 > mapping.byteSize()) return readPage(page)[index % pageEntries];
    try {
      return mapping.get(entryLayout, at);
    } catch (InternalError e) {
      throw new IOException(
          "%s: %s cannot be read at offset %d".formatted(file.name(), layout.name(), at), e);
    }
  }

  /** Changes an entry in memory; {@link #beginCommit} and {@link #write} bring it to the file. */
  public void set(int index, int entry) throws IOException {
    if (entry(index) == entry) return;
    int page = index / pageEntries;
    int[] entries = changed.get(page);
    if (entries == null) {
      int[] current = committing.get(page);
      entries = current != null ? current.clone() : pageToChange(page);
      changed.put(page, entries);
    }
    entries[index % pageEntries] = entry;
  }

  /**
   * Changes an entry as {@link #set} does, and makes the change part of the commit that has begun.
   */
  public void setInCommit(int index, int entry) throws IOException {
    int page = index / pageEntries;
    int[] entries = committing.get(page);
    if (entries == null) {
      entries = pageToChange(page);
      committing.put(page, entries);
    }
    entries[index % pageEntries] = entry;
    int[] later = changed.get(page);
    if (later != null) later[index % pageEntries] = entry;
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
      MemorySegment bytes = arena.allocate(4L * pageEntries, 8);
      for (var changes : committing.entrySet()) {
        int page = changes.getKey();
        int[] entries = changes.getValue();
        int @Nullable [] known = before.remove(page); // unknown if the write fails
        if (known != null && !Arrays.equals(known, readPage(page)))
          throw ForeignChange.found(file, layout.name());
        int count = count(page);
        for (int i = 0; i < count; i++) bytes.set(entryLayout, 4L * i, entries[i]);
        file.write(layout.offset(page), bytes.asSlice(0, 4L * count));
        long copy = layout.copy(page);
        if (copy != NOWHERE) file.write(copy, bytes.asSlice(0, 4L * count));
        before.put(page, entries);
      }
    }
  }

  /** Ends the commit: the written pages are now read from the file. */
  public void endCommit() {
    committing = new TreeMap<>();
    before.keySet().retainAll(changed.keySet());
  }

  /**
   * Passes every entry to {@code sink}, in order, as {@link #entry} returns it. Reads the table in
   * the file once. May wait for the medium.
   */
  public void forEach(Sink sink) throws IOException {
    int pages = Math.ceilDiv(layout.entries(), pageEntries);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes =
          arena.allocate(4L * Math.min(Math.max(SCAN_ENTRIES, pageEntries), layout.entries()), 8);
      for (int page = 0; page < pages; ) {
        int end = endOfRun(page, pages);
        int first = page * pageEntries;
        int count = Math.min((end - page) * pageEntries, layout.entries() - first);
        if (layout.offset(page) != NOWHERE)
          file.read(layout.offset(page), bytes.asSlice(0, 4L * count));
        for (; page < end; page++) handOver(page, bytes, first, sink);
      }
    }
  }

  /** The end of the pages from {@code page} on that follow each other in the file. */
  private int endOfRun(int page, int pages) {
    long at = layout.offset(page);
    int end = page + 1;
    if (at == NOWHERE) return end;
    int limit = Math.min(pages, page + Math.max(1, SCAN_ENTRIES / pageEntries));
    while (end < limit && layout.offset(end) == at + 4L * pageEntries * (end - page)) end++;
    return end;
  }

  /**
   * @param bytes the entries in the file from {@code first} on
   */
  private void handOver(int page, MemorySegment bytes, int first, Sink sink) throws IOException {
    int[] entries = inMemory(page);
    boolean absent = layout.offset(page) == NOWHERE;
    int start = page * pageEntries;
    for (int i = 0; i < count(page); i++) {
      int entry;
      if (entries != null) entry = entries[i];
      else if (absent) entry = layout.absent();
      else entry = bytes.get(entryLayout, 4L * (start - first + i));
      sink.entry(start + i, entry);
    }
  }

  /** How many entries a page has. */
  private int count(int page) {
    return Math.min(pageEntries, layout.entries() - page * pageEntries);
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
    int count = count(page);
    var entries = new int[pageEntries];
    Arrays.fill(entries, layout.absent());
    long start = layout.offset(page);
    if (start == NOWHERE) return entries;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4L * count, 8);
      file.read(start, bytes);
      for (int i = 0; i < count; i++) entries[i] = bytes.get(entryLayout, 4L * i);
    }
    return entries;
  }

  /** Takes entries. */
  public interface Sink {
    void entry(int index, int entry) throws IOException;
  }
}
