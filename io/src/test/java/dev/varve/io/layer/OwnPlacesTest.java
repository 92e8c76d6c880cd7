package dev.varve.io.layer;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Tables that share bytes are refused, and the message says which. */
class OwnPlacesTest {

  private static void assertRefused(String words, long... starts) {
    String message =
        assertThrows(ImageFormatException.class, () -> OwnPlaces.require("f", "table", starts, 512))
            .getMessage();
    assertTrue(message.contains(words), message);
  }

  @Test
  void tablesOfTheirOwnMayLieInAnyOrder() throws Exception {
    OwnPlaces.require("f", "table", new long[] {2048, 0, 512, 0, -1, -1, 1024}, 512);
  }

  @Test
  void tablesThatShareBytesAreNamed() {
    assertRefused("the offset of table 3 is 512, but table 1 lies at 512", 0, 512, 0, 512);
    assertRefused("the offset of table 0 is 1000, but table 2 lies at 600", 1000, 0, 600);
  }
}
