package dev.varve.io.layer;

import java.util.Arrays;

/**
 * The rule that each table of an image has its own place in the file. Without it a small file could
 * describe a disk that takes for ever to look at, and a write into one table would change two
 * places of the disk. Stateless; any thread.
 */
public final class OwnPlaces {

  private OwnPlaces() {}

  /**
   * Fails if two tables have bytes in common. Takes time and memory in proportion to their number.
   *
   * @param file for the message
   * @param what one of them is called
   * @param starts where they begin, in any order; 0 and less: there is none
   * @param length of each
   */
  public static void require(String file, String what, long[] starts, long length)
      throws ImageFormatException {
    long[] sorted = starts.clone();
    Arrays.sort(sorted);
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i - 1] <= 0 || sorted[i] - sorted[i - 1] >= length) continue;
      int one = indexOf(sorted[i - 1], starts, 0);
      int other = indexOf(sorted[i], starts, sorted[i] == sorted[i - 1] ? one + 1 : 0);
      throw new ImageFormatException(
          file,
          "the offset of %s %d".formatted(what, other),
          sorted[i],
          "%s %d lies at %d, and each has its own place of %d bytes"
              .formatted(what, one, sorted[i - 1], length),
          "the image is damaged: restore it from a backup");
    }
  }

  private static int indexOf(long start, long[] starts, int from) {
    int index = from;
    while (starts[index] != start) index++;
    return index;
  }
}
