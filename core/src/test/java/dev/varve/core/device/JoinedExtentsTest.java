package dev.varve.core.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.JoinedExtents.Extent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JoinedExtentsTest {

  private final List<Extent> found = new ArrayList<>();

  @Test
  void neighboursOfOneKindAreOneExtent() {
    var extents = new JoinedExtents(100, Long.MAX_VALUE, found::add);

    assertTrue(extents.extent(10, 0, true));
    assertTrue(extents.extent(20, 0, true));
    assertTrue(extents.extent(5, 1, true));
    assertTrue(extents.extent(5, 1, false));

    assertEquals(140, extents.end());
    assertEquals(
        List.of(
            new Extent(100, 30, 0, true),
            new Extent(130, 5, 1, true),
            new Extent(135, 5, 1, false)),
        found);
  }

  @Test
  void thePartAfterALimitBeginsWhereThisOneEnded() {
    var extents = new JoinedExtents(0, 2, found::add);

    assertTrue(extents.extent(10, 0, true));
    assertTrue(extents.extent(10, 1, false));
    assertTrue(extents.extent(10, 1, false));
    assertFalse(extents.extent(10, 2, false));

    assertEquals(30, extents.end());
    assertEquals(List.of(new Extent(0, 10, 0, true), new Extent(10, 20, 1, false)), found);
  }

  @Test
  void nothingIsNoExtent() {
    assertEquals(7, new JoinedExtents(7, 1, found::add).end());
    assertEquals(List.of(), found);
  }
}
