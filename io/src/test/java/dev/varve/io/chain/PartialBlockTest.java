package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PartialBlockTest {

  private static final int SECTOR = PartialBlock.SECTOR;
  private static final int VISIBLE = 200 * SECTOR;

  private final PartialBlock block;

  PartialBlockTest() throws IOException {
    ImageFile file = new CrashingDisk(1).create("top", 0);
    block = new PartialBlock(3, 999, file, 3 << 17, VISIBLE, new long[32], 12);
    block.lock.lock(); // marks are set under it
  }

  @Test
  void marksWholeSectorsAndNoOthers() {
    block.mark(63 * SECTOR, 66 * SECTOR);

    for (int sector = 0; sector < 200; sector++) {
      assertEquals(
          sector >= 63 && sector < 129, block.isMarked(sector * SECTOR), "sector " + sector);
      assertEquals(block.isMarked(sector * SECTOR), block.isMarked(sector * SECTOR + 511));
    }
  }

  @Test
  void runsAreAsLongAsTheyCanBe() {
    var random = new Random(1);
    boolean[] marked = new boolean[200];
    for (int round = 0; round < 300; round++) {
      int first = random.nextInt(200);
      int count = 1 + random.nextInt(Math.min(200 - first, 1 + random.nextInt(40)));
      if (round % 3 == 0) {
        block.mark(first * SECTOR, count * SECTOR);
        for (int i = first; i < first + count; i++) marked[i] = true;
      }
      int from = random.nextInt(VISIBLE);
      int limit = 1 + random.nextInt(VISIBLE - from);
      int end = from;
      while (end < from + limit && marked[end / SECTOR] == marked[from / SECTOR]) end++;

      assertEquals(marked[from / SECTOR], block.isMarked(from));
      assertEquals(end - from, block.run(from, limit, marked[from / SECTOR]), "from " + from);
    }
  }

  @Test
  void takesWhatNeedsNothingFromBelow() {
    assertTrue(block.takes(0, SECTOR));
    assertTrue(block.takes(SECTOR, VISIBLE - SECTOR));
    assertFalse(block.takes(1, SECTOR - 1));
    assertFalse(block.takes(0, SECTOR + 1));
    block.mark(SECTOR, SECTOR);
    assertTrue(block.takes(0, SECTOR + 1));
    assertTrue(block.takes(SECTOR + 1, 5));
    assertFalse(block.takes(SECTOR + 1, SECTOR));
  }

  @Test
  void mayBeEmptyOnceSectorsWereZeroed() {
    block.mark(0, SECTOR);
    assertFalse(block.mayBeEmpty());

    block.markZero(SECTOR, SECTOR);

    assertTrue(block.mayBeEmpty());
    assertTrue(block.isMarked(SECTOR));
  }

  @Test
  void unitsEndWhereTheImagesBelowMayAnswerOtherwise() {
    assertEquals(4096, block.toUnitEnd(0));
    assertEquals(1, block.toUnitEnd(4095));
    assertEquals(4096, block.toUnitEnd(8192));
  }
}
