package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
  private static final int KIB = 1 << 10;
  private static final int WINDOW = 256 * KIB;

  private final ReadAhead readAhead = new ReadAhead();

  @Test
  void sequenceIsNoticedInItsSecondWindow() {
    for (int offset = 0; offset < WINDOW; offset += 4 * KIB) {
      assertFalse(readAhead.read(offset, 4 * KIB));
    }
    assertTrue(readAhead.read(WINDOW, 4 * KIB));
    assertFalse(readAhead.read(WINDOW + 4 * KIB, 4 * KIB), "said once");
  }

  @Test
  void sequenceReadOutOfOrderByManyIsOneToo() {
    assertFalse(readAhead.read(128 * KIB, 128 * KIB));
    assertFalse(readAhead.read(0, 128 * KIB));
    assertTrue(readAhead.read(WINDOW + 128 * KIB, 128 * KIB));
  }

  @Test
  void streamGoesOnBehindWhatWasFetchedAhead() {
    readAhead.read(0, WINDOW);
    assertTrue(readAhead.read(WINDOW, 4 * KIB));

    long next = 2L * WINDOW + ReadAhead.AHEAD; // until here reads are served from memory

    assertTrue(readAhead.read(next, 4 * KIB));
  }

  @Test
  void randomReadsAreNoSequence() {
    Random random = new Random(1);
    int guesses = 0;
    for (int i = 0; i < 10_000; i++) {
      if (readAhead.read(random.nextLong(1L << 30) & -4096, 4096)) guesses++;
    }
    assertEquals(0, guesses);
  }

  @Test
  void twoStreamsAreBothNoticed() {
    long second = 1L << 40;
    readAhead.read(0, WINDOW);
    readAhead.read(second + 99 * WINDOW, WINDOW);

    assertTrue(readAhead.read(WINDOW, KIB));
    assertTrue(readAhead.read(second + 100 * WINDOW, KIB));
  }
}
