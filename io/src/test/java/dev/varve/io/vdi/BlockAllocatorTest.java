package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import org.junit.jupiter.api.Test;

class BlockAllocatorTest {

  private static BlockAllocator places(int limit, int count, int fileEnd, int... unused) {
    var bits = new BitSet();
    for (int place : unused) bits.set(place);
    return new BlockAllocator(limit, count, bits, fileEnd);
  }

  @Test
  void lowestPlaceComesFirstAndNoneTwice() {
    var places = places(6, 4, 4, 1, 3);

    assertEquals(1, places.allocate());
    assertEquals(3, places.allocate());
    assertEquals(4, places.allocate());
    assertEquals(5, places.allocate());
    assertEquals(-1, places.allocate());
    assertEquals(6, places.count());
  }

  @Test
  void placeThatIsGivenBackIsUsedBeforeTheFileGrows() {
    var places = places(10, 3, 3);
    places.release(1);

    assertEquals(1, places.unusedCount());
    assertTrue(places.unusedPlaces().get(1));
    assertEquals(1, places.allocate());
    assertFalse(places.takeStale(1));
    assertEquals(3, places.allocate());
  }

  @Test
  void onlyWhatACrashOrAFailureLeftIsStaleAndOnlyOnce() {
    var places = places(10, 3, 5, 2);

    assertTrue(places.takeStale(2));
    assertFalse(places.takeStale(2));
    assertFalse(places.takeStale(0));
    assertTrue(places.takeStale(4), "the file was longer than its count");
    places.allocate();
    places.releaseStale(2);
    assertTrue(places.takeStale(2));
  }

  @Test
  void unusedPlacesAtTheEndAreNoneOfTheFile() {
    var places = places(10, 6, 6, 1, 4, 5);

    assertEquals(4, places.count());
    assertEquals(1, places.unusedCount());
    places.release(3);

    assertEquals(3, places.count());
    assertEquals(1, places.allocate());
    assertEquals(3, places.allocate());
    assertTrue(places.takeStale(4), "what the file has there may be anything");
  }

  @Test
  void nothingIsLeftWhenNothingIsUsed() {
    var places = places(10, 3, 3, 0, 1, 2);

    assertEquals(0, places.count());
    assertEquals(0, places.unusedCount());
    assertEquals(0, places.allocate());
  }

  @Test
  void onePlaceCanBeTakenAmongTheUnusedOnes() {
    var places = places(10, 6, 6, 1, 3);

    places.take(3);

    assertEquals(1, places.unusedCount());
    assertEquals(1, places.allocate());
    assertEquals(6, places.allocate());
  }
}
