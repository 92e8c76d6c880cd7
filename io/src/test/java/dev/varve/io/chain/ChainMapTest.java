package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChainMapTest {

  private static final MapMemory MEMORY = new MapMemory(Long.MAX_VALUE);

  @Test
  void entryKeepsFileAndOffset() {
    for (int file : new int[] {0, 1, 511, 65_534}) {
      for (long offset : new long[] {0, 1, 4096, (1L << 48) - 1}) {
        long entry = ChainMap.at(file, offset);

        assertTrue(ChainMap.isStored(entry));
        assertEquals(file, ChainMap.file(entry));
        assertEquals(offset, ChainMap.fileOffset(entry));
      }
    }
  }

  @Test
  void nothingThatIsNoPlaceIsTakenForOne() {
    for (long entry :
        new long[] {
          ChainMap.UNKNOWN,
          ChainMap.ZERO,
          ChainMap.NONE,
          ChainMap.PARTIAL,
          ChainMap.SPLIT,
          ChainMap.LOST
        }) {
      assertFalse(ChainMap.isStored(entry), "entry " + entry);
    }
  }

  @Test
  void chunkIsUnknownUntilItIsFilledAndIsFilledOnce() {
    var map = new ChainMap(3000 * 4096L, 4096, MEMORY);
    List<Long> asked = new ArrayList<>();
    assertEquals(ChainMap.UNKNOWN, map.entry(2999));
    assertEquals(ChainMap.UNKNOWN, map.entry(2999));

    map.fill(
        2999,
        unit -> {
          asked.add(unit);
          return ChainMap.at(1, unit);
        });
    map.fill(2048, _ -> ChainMap.LOST);

    assertEquals(ChainMap.at(1, 2999), map.entry(2999));
    assertEquals(ChainMap.at(1, 2048), map.entry(2048));
    assertEquals(ChainMap.UNKNOWN, map.entry(2047));
    assertEquals(3000 - 2048, asked.size()); // units that the disk does not have are not asked for
  }

  @Test
  void entryThatIsSetChangesNoOther() {
    var map = new ChainMap(2048 * 4096L, 4096, MEMORY);
    map.fill(5, _ -> ChainMap.NONE);
    map.fill(1500, _ -> ChainMap.NONE);

    map.set(1023, ChainMap.ZERO);
    map.set(1024, ChainMap.at(0, 7));

    assertEquals(ChainMap.NONE, map.entry(1022));
    assertEquals(ChainMap.ZERO, map.entry(1023));
    assertEquals(ChainMap.at(0, 7), map.entry(1024));
    assertEquals(ChainMap.NONE, map.entry(1025));
  }

  @Test
  void lastUnitMayBeShortAndWhatLiesBehindItIsUnknown() {
    assertEquals(1, new ChainMap(1, 4096, MEMORY).units());
    assertEquals(2, new ChainMap(4097, 4096, MEMORY).units());
    var full = new ChainMap(1024 * 4096L, 4096, MEMORY);
    assertEquals(1024, full.units());
    assertEquals(ChainMap.UNKNOWN, full.entry(1024));
  }

  @Test
  void largestDiskWithTheSmallestUnitsHasFewChunks() {
    var map = new ChainMap(4L << 40, 4096, MEMORY);
    long last = map.units() - 1;

    map.fill(last, unit -> ChainMap.at(0, unit));

    assertEquals(ChainMap.at(0, last), map.entry(last));
    assertEquals(ChainMap.UNKNOWN, map.entry(last - (1 << 20)));
  }
}
