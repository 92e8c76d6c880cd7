package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class BlockAllocatorTest {

  private static BlockAllocator fileBlocks(int limit, int count, int fileEnd, int... unused) {
    var bits = new BitSet();
    for (int fileBlock : unused) bits.set(fileBlock);
    return new BlockAllocator(limit, count, bits, fileEnd);
  }

  @Test
  void lowestFileBlockComesFirstAndNoneTwice() {
    var fileBlocks = fileBlocks(6, 4, 4, 1, 3);

    assertEquals(1, fileBlocks.allocate());
    assertEquals(3, fileBlocks.allocate());
    assertEquals(4, fileBlocks.allocate());
    assertEquals(5, fileBlocks.allocate());
    assertEquals(-1, fileBlocks.allocate());
    assertEquals(6, fileBlocks.count());
  }

  @Test
  void fileBlockThatIsGivenBackIsUsedBeforeTheFileGrows() {
    var fileBlocks = fileBlocks(10, 3, 3);
    fileBlocks.release(1);

    assertEquals(1, fileBlocks.unusedCount());
    assertTrue(fileBlocks.unusedFileBlocks().get(1));
    assertEquals(1, fileBlocks.allocate());
    assertFalse(fileBlocks.takeStale(1));
    assertEquals(3, fileBlocks.allocate());
  }

  @Test
  void onlyWhatACrashOrAFailureLeftIsStaleAndOnlyOnce() {
    var fileBlocks = fileBlocks(10, 3, 5, 2);

    assertTrue(fileBlocks.takeStale(2));
    assertFalse(fileBlocks.takeStale(2));
    assertFalse(fileBlocks.takeStale(0));
    assertTrue(fileBlocks.takeStale(4), "the file was longer than its count");
    fileBlocks.allocate();
    fileBlocks.releaseStale(2);
    assertTrue(fileBlocks.takeStale(2));
  }

  @Test
  void unusedFileBlocksAtTheEndAreNotPartOfTheFile() {
    var fileBlocks = fileBlocks(10, 6, 6, 1, 4, 5);

    assertEquals(4, fileBlocks.count());
    assertEquals(1, fileBlocks.unusedCount());
    fileBlocks.release(3);

    assertEquals(3, fileBlocks.count());
    assertEquals(1, fileBlocks.allocate());
    assertEquals(3, fileBlocks.allocate());
    assertTrue(fileBlocks.takeStale(4), "what the file has there may be anything");
  }

  @Test
  void nothingIsLeftWhenNothingIsUsed() {
    var fileBlocks = fileBlocks(10, 3, 3, 0, 1, 2);

    assertEquals(0, fileBlocks.count());
    assertEquals(0, fileBlocks.unusedCount());
    assertEquals(0, fileBlocks.allocate());
  }

  @Test
  void oneFileBlockCanBeTakenAmongTheUnusedOnes() {
    var fileBlocks = fileBlocks(10, 6, 6, 1, 3);

    fileBlocks.take(3);

    assertEquals(1, fileBlocks.unusedCount());
    assertEquals(1, fileBlocks.allocate());
    assertEquals(6, fileBlocks.allocate());
  }
}
