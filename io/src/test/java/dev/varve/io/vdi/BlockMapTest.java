package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.CrashingFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlockMapTest {

  private static final int BLOCKS = 2500;
  private static final int OFFSET = 516; // aligned to nothing but an entry

  private CrashingDisk disk;
  private CrashingFile file;
  private BlockMap map;

  @BeforeEach
  void create() throws IOException {
    disk = new CrashingDisk(1);
    file = disk.create("map", 1 << 20);
    MemorySegment free = Arena.ofAuto().allocate(OFFSET + 4 * BLOCKS);
    free.asSlice(OFFSET).fill((byte) -1);
    file.write(0, free);
    map = new BlockMap(file, OFFSET, BLOCKS);
  }

  @AfterEach
  void remove() throws IOException {
    disk.close();
  }

  @Test
  void changedEntryIsSeenAtOnceAndReachesTheFileWithACommit() throws IOException {
    map.set(1500, 7);
    assertEquals(7, map.entry(1500));
    assertEquals(BlockEntry.FREE, inFile(1500));

    commit();

    assertEquals(7, map.entry(1500));
    assertEquals(7, inFile(1500));
    assertEquals(BlockEntry.FREE, inFile(1499));
    assertFalse(map.hasChanges());
  }

  @Test
  void commitWritesNothingBehindTheLastEntry() throws IOException {
    map.set(BLOCKS - 1, 3);

    commit();

    assertEquals(OFFSET + 4 * BLOCKS, file.length());
    assertEquals(3, inFile(BLOCKS - 1));
  }

  @Test
  void changeDuringACommitBelongsToTheNext() throws IOException {
    map.set(10, 1);
    map.beginCommit();
    map.set(11, 2);
    map.set(10, BlockEntry.ZERO);
    map.write();

    assertEquals(1, inFile(10));
    assertEquals(BlockEntry.FREE, inFile(11));
    map.endCommit();
    assertEquals(BlockEntry.ZERO, map.entry(10));
    assertTrue(map.hasChanges());

    commit();

    assertEquals(BlockEntry.ZERO, inFile(10));
    assertEquals(2, inFile(11));
  }

  @Test
  void commitThatFailedIsWrittenByTheNext() throws IOException {
    map.set(10, 1);
    map.set(2000, 2);
    map.beginCommit();
    disk.failAt(disk.operations());
    assertThrows(IOException.class, map::write);
    assertTrue(map.hasChanges());
    map.set(10, 5);

    commit();

    assertEquals(5, inFile(10));
    assertEquals(2, inFile(2000));
  }

  @Test
  void everyEntryIsHandedOutInOrderAsItIsNow() throws IOException {
    map.set(0, 9);
    commit();
    map.set(1024, 8);
    map.beginCommit();
    map.set(2499, 7);
    List<Integer> stored = new ArrayList<>();
    var expectedBlock = new int[1];

    map.forEach(
        (block, entry) -> {
          assertEquals(expectedBlock[0]++, block);
          if (entry != BlockEntry.FREE) stored.add(entry);
        });

    assertEquals(BLOCKS, expectedBlock[0]);
    assertEquals(List.of(9, 8, 7), stored);
  }

  private void commit() throws IOException {
    map.beginCommit();
    map.write();
    map.endCommit();
  }

  private int inFile(int block) throws IOException {
    return new BlockMap(file, OFFSET, BLOCKS).entry(block);
  }
}
