package dev.varve.io.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.CrashingFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What VDI's block map does not need: pages anywhere, in two copies, or not in the file yet. */
class EntryTableTest {

  private static final int PAGE = 4;
  private static final int ENTRIES = 14;
  private static final ValueLayout.OfInt BIG_ENDIAN =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final long[] offsets = {640, 64, 80, EntryTable.NOWHERE};
  private final long[] copies = {800, 832, 864, EntryTable.NOWHERE};
  private CrashingDisk disk;
  private CrashingFile file;
  private EntryTable table;

  private final class Pages implements EntryTable.Layout {
    @Override
    public int entries() {
      return ENTRIES;
    }

    @Override
    public int pageEntries() {
      return PAGE;
    }

    @Override
    public ValueLayout.OfInt entry() {
      return BIG_ENDIAN;
    }

    @Override
    public long offset(int page) {
      return offsets[page];
    }

    @Override
    public long copy(int page) {
      return copies[page];
    }

    @Override
    public int absent() {
      return -7;
    }

    @Override
    public String name() {
      return "its table";
    }
  }

  @BeforeEach
  void create() throws IOException {
    disk = new CrashingDisk(1);
    file = disk.create("table", 4096);
    file.setLength(1024);
    table = new EntryTable(file, new Pages());
  }

  @AfterEach
  void remove() throws IOException {
    disk.close();
  }

  @Test
  void commitWritesThePageAndItsCopy() throws IOException {
    table.set(5, 0x01020304);

    commit();

    assertArrayEquals(new byte[] {1, 2, 3, 4}, bytes(64 + 4));
    assertArrayEquals(new byte[] {1, 2, 3, 4}, bytes(832 + 4));
    assertEquals(0x01020304, table.entry(5));
  }

  @Test
  void entriesOfAPageThatTheFileDoesNotHaveAreAbsentUntilItIsMade() throws IOException {
    assertEquals(-7, table.entry(13));
    table.set(13, 9);
    MemorySegment made = Arena.ofAuto().allocate(4L * PAGE);
    for (int i = 0; i < PAGE; i++) made.set(BIG_ENDIAN, 4L * i, -7);
    file.write(512, made);
    offsets[3] = 512;

    commit();

    assertEquals(9, table.entry(13));
    assertEquals(-7, table.entry(12));
    assertArrayEquals(new byte[] {0, 0, 0, 9}, bytes(516));
    assertArrayEquals(new byte[] {-1, -1, -1, -7}, bytes(520));
  }

  @Test
  void everyEntryIsHandedOutInOrderFromPagesThatLieAnywhere() throws IOException {
    for (int i = 0; i < 12; i++) table.set(i, 100 + i);
    commit();
    table.set(2, 55);
    var found = new int[ENTRIES];

    table.forEach((index, entry) -> found[index] = entry);

    assertEquals(
        "[100, 101, 55, 103, 104, 105, 106, 107, 108, 109, 110, 111, -7, -7]",
        Arrays.toString(found));
  }

  @Test
  void pageThatAnotherProgramHasChangedIsNotWritten() throws IOException {
    table.set(5, 1);
    MemorySegment other = Arena.ofAuto().allocate(4);
    file.write(64, other.fill((byte) 3));

    table.beginCommit();

    assertThrows(IOException.class, table::write);
    assertArrayEquals(new byte[4], bytes(64 + 4));
  }

  private void commit() throws IOException {
    table.beginCommit();
    table.write();
    table.endCommit();
  }

  private byte[] bytes(long offset) throws IOException {
    MemorySegment found = Arena.ofAuto().allocate(4);
    file.read(offset, found);
    return found.toArray(ValueLayout.JAVA_BYTE);
  }
}
