package dev.varve.io.file;

import java.util.SplittableRandom;

/**
 * What a power cut takes from the changes that were not yet durable.
 *
 * <p>Each sector of 512 bytes reached the medium last at some moment, and holds what it had then:
 * any moment between the last sync and the cut, whatever its neighbours did. So the order of two
 * changes holds within a sector and nowhere else. The length of the file has a moment of its own. A
 * moment is the number of changes made before it.
 *
 * @param seed chooses the moments
 * @param region how many neighbouring bytes share a moment, at least a sector
 * @param survival of 100 regions, about how many reached the medium after their last change; of the
 *     others half never did and half did at some moment between
 */
public record Loss(long seed, long region, int survival) {
  private static final long[] REGIONS = {512, 512, 4096, 64 << 10, 1 << 20};
  private static final int[] SURVIVALS = {10, 50, 50, 90};

  /** Nothing of it reached the medium. */
  public static final Loss EVERYTHING = new Loss(0, 512, -1);

  /** All of it did, though nobody had asked. */
  public static final Loss NOTHING = new Loss(0, 512, 100);

  /** Some loss; one seed in sixteen each loses everything and nothing. */
  public static Loss any(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return switch (random.nextInt(16)) {
      case 0 -> EVERYTHING;
      case 1 -> NOTHING;
      default ->
          new Loss(
              random.nextLong(),
              REGIONS[random.nextInt(REGIONS.length)],
              SURVIVALS[random.nextInt(SURVIVALS.length)]);
    };
  }

  /** The same kind of loss with other moments. */
  Loss ofFile(int number) {
    return new Loss(mix(seed + number), region, survival);
  }

  /**
   * The moment, from 0 to {@code changes}, at which the sector at {@code offset} reached the medium
   * last.
   */
  int momentOf(long offset, int changes) {
    return moment(mix(seed ^ mix(offset / region + 1)), changes);
  }

  /** The same for the file's length. */
  int momentOfLength(int changes) {
    return moment(mix(~seed), changes);
  }

  private int moment(long random, int changes) {
    if (survival < 0) return 0;
    int percent = (int) Long.remainderUnsigned(random, 100);
    if (percent < survival) return changes;
    if ((percent - survival) % 2 == 0) return 0;
    return (int) Long.remainderUnsigned(mix(random), changes + 1L);
  }

  /** Spreads the bits of a number over all of them (the finalizer of SplitMix64). */
  private static long mix(long z) {
    z += 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
