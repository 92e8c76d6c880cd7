package dev.varve.io.vmdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Grains that overlap are found, wherever they begin. */
class GrainPlacesTest {

  private static final int GRAIN = 8;

  @Test
  void grainsThatOverlapAreFoundAtAnyAlignment() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var places = new GrainPlaces(GRAIN);
    var taken = new BitSet();
    for (int i = 0; i < 100_000; i++) {
      int sector = 100 + random.nextInt(1_000_000);
      boolean free = taken.get(sector, sector + GRAIN).isEmpty();
      assertEquals(free, places.add(sector), "seed " + seed + ", sector " + sector);
      if (free) taken.set(sector, sector + GRAIN);
    }
    assertEquals(taken.cardinality() / GRAIN, places.count());
  }

  @Test
  void grainsOfTheLargestFileAreToldApart() {
    var places = new GrainPlaces(GRAIN);

    assertTrue(places.add((1L << 32) - GRAIN));
    assertTrue(places.add(GRAIN + 3));
    assertFalse(places.add((1L << 32) - GRAIN - 1));
  }
}
