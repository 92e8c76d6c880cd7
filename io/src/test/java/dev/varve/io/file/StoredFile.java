package dev.varve.io.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file as the medium of a {@link CrashingDisk} has it: the durable bytes, by page, and the
 * changes since that may still be lost. Guarded by its disk's monitor.
 */
final class StoredFile {
  static final int PAGE = 4096;
  private static final int SECTOR = 512;

  /**
   * A change of a range, and of the length.
   *
   * @param bytes what was written; null for zeroes
   * @param fileLength the file's length afterwards
   */
  private record Change(long offset, long length, byte @Nullable [] bytes, long fileLength) {}

  /**
   * What is durable. A page that is missing is zero; arrays are shared with the disks found after
   * crashes.
   */
  private final Map<Long, byte[]> pages;

  private final List<Change> changes = new ArrayList<>();
  private long durableLength;
  private long visibleLength;

  /** Pages with space behind them. */
  private final BitSet allocated = new BitSet();

  StoredFile() {
    this(new HashMap<>(), 0);
  }

  private StoredFile(Map<Long, byte[]> pages, long length) {
    this.pages = pages;
    this.durableLength = length;
    this.visibleLength = length;
    for (long page : pages.keySet()) allocated.set((int) page);
  }

  long visibleLength() {
    return visibleLength;
  }

  /**
   * Shows what the file holds, which is all durable when it is opened after a crash, to its
   * readers.
   */
  void fill(MappedFile visible) throws IOException {
    visible.setLength(visibleLength);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(PAGE);
      for (var page : contentNow().pages.entrySet()) {
        long offset = page.getKey() * PAGE;
        if (offset >= visibleLength) continue; // a sync that failed has lost the cut
        bytes.copyFrom(MemorySegment.ofArray(page.getValue()));
        visible.write(offset, bytes.asSlice(0, Math.min(PAGE, visibleLength - offset)));
      }
    }
  }

  private StoredFile contentNow() {
    return changes.isEmpty() ? this : afterCrash(Loss.NOTHING);
  }

  void write(long offset, MemorySegment source) {
    long end = offset + source.byteSize();
    allocated.set(page(offset), page(end + PAGE - 1));
    change(
        offset,
        source.byteSize(),
        source.toArray(ValueLayout.JAVA_BYTE),
        Math.max(visibleLength, end));
  }

  void reserve(long offset, long length) {
    allocated.set(page(offset), page(offset + length + PAGE - 1));
    change(0, 0, null, Math.max(visibleLength, offset + length));
  }

  void punch(long offset, long length) {
    int first = page(offset + PAGE - 1);
    allocated.clear(first, Math.max(first, page(offset + length)));
    change(offset, length, null, visibleLength);
  }

  /** Reads as zeroes, with space behind it. */
  void zero(long offset, long length) {
    allocated.set(page(offset), page(offset + length + PAGE - 1));
    change(offset, length, null, visibleLength);
  }

  void setLength(long length) {
    allocated.clear(page(length + PAGE - 1), Math.max(page(length + PAGE - 1), allocated.length()));
    change(length, Math.max(0, visibleLength - length), null, length);
  }

  private void change(long offset, long length, byte @Nullable [] bytes, long fileLength) {
    changes.add(new Change(offset, length, bytes, fileLength));
    visibleLength = fileLength;
  }

  /** How many pages of the range have no space yet. */
  long missingPages(long offset, long length) {
    int first = page(offset);
    int end = page(offset + length + PAGE - 1);
    return (long) end - first - allocated.get(first, end).cardinality();
  }

  long allocatedPages() {
    return allocated.cardinality();
  }

  /** Makes everything durable that was changed. */
  void sync() {
    settle(Loss.NOTHING);
  }

  /** Makes durable what {@code loss} leaves, and forgets that the rest ever needed to be. */
  void settle(Loss loss) {
    for (int i = 0; i < changes.size(); i++) carryOut(changes.get(i), i, loss, pages);
    durableLength = lengthAfter(loss);
    cutAt(pages, durableLength);
    changes.clear();
  }

  StoredFile afterCrash(Loss loss) {
    Map<Long, byte[]> found = new HashMap<>(pages);
    for (int i = 0; i < changes.size(); i++) carryOut(changes.get(i), i, loss, found);
    long length = lengthAfter(loss);
    cutAt(found, length);
    return new StoredFile(found, length);
  }

  private long lengthAfter(Loss loss) {
    int moment = loss.momentOfLength(changes.size());
    return moment == 0 ? durableLength : changes.get(moment - 1).fileLength;
  }

  /** Carries out the change in those sectors that reached the medium after it. */
  private void carryOut(Change change, int number, Loss loss, Map<Long, byte[]> pages) {
    long end = change.offset + change.length;
    for (long at = change.offset, next; at < end; at = next) {
      next = Math.min(end, (at / PAGE + 1) * PAGE);
      byte[] before = pages.get(at / PAGE);
      if (before == null && change.bytes == null) continue; // zero as it was
      byte[] page = null;
      for (long from = at, to; from < next; from = to) {
        to = Math.min(next, (from / SECTOR + 1) * SECTOR);
        if (loss.momentOf(from, changes.size()) <= number) continue;
        if (page == null) page = before == null ? new byte[PAGE] : before.clone();
        int start = (int) (from % PAGE);
        int length = (int) (to - from);
        if (change.bytes == null) Arrays.fill(page, start, start + length, (byte) 0);
        else System.arraycopy(change.bytes, (int) (from - change.offset), page, start, length);
      }
      if (page != null) pages.put(at / PAGE, page);
    }
  }

  private static void cutAt(Map<Long, byte[]> pages, long length) {
    pages.keySet().removeIf(page -> page * PAGE >= length);
    byte[] last = pages.get(length / PAGE);
    if (last == null) return;
    byte[] cut = last.clone();
    Arrays.fill(cut, (int) (length % PAGE), PAGE, (byte) 0);
    pages.put(length / PAGE, cut);
  }

  private static int page(long offset) {
    return Math.toIntExact(offset / PAGE);
  }
}
