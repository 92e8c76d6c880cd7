package dev.varve.bench.compare;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** What the test disks hold: every page contains its offset and the layer that it is in. */
final class Content {

  static final int MEBIBYTE = 1 << 20;
  static final int PAGE = 4096;

  private Content() {}

  /** Fills {@code destination} with the copy of a MiB that {@code layer} has. */
  static void put(int layer, long mebibyte, ByteBuffer destination) {
    for (int page = 0; page < MEBIBYTE / PAGE; page++) {
      long first = firstWord(layer, mebibyte * (MEBIBYTE / PAGE) + page);
      for (int word = 0; word < PAGE / Long.BYTES; word++) destination.putLong(first + word);
    }
  }

  private static long firstWord(int layer, long page) {
    return (page << 8 | layer) * 0xbf58476d1ce4e5b9L;
  }

  /**
   * Reads a hundred pages all over the disk.
   *
   * @throws IOException if one is not what the chain should show there
   */
  static void check(DiskSession session, Layers layers, long size) throws IOException {
    var random = new SplittableRandom(size);
    ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
    for (int i = 0; i < 100; i++) {
      long number = random.nextLong(size / PAGE);
      session.read(number * PAGE, page.clear());
      long first = firstWord(layers.newest(number * PAGE / MEBIBYTE), number);
      for (int word = 0; word < PAGE / Long.BYTES; word++) {
        if (page.getLong(word * Long.BYTES) != first + word) {
          throw new IOException(
              "wrong data at offset %d: the page is not what the chain holds there"
                  .formatted(number * PAGE + (long) word * Long.BYTES));
        }
      }
    }
  }
}
