package dev.varve.io.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Damages files, each way with a seed, and asks whether they are read or refused as promised. */
public final class Damage {

  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    511,
    513,
    1L << 31,
    (1L << 31) - 1,
    1L << 32,
    -1L >>> 1,
    1L << 63,
    1L << 62,
    1 << 20
  };

  private Damage() {}

  /** Opens a damaged file and reads it. */
  public interface Use {
    void of(byte[] file) throws IOException;
  }

  /**
   * Damages a file in many ways. Fails if something else than an {@link IOException} is thrown.
   *
   * @param important ranges {start, end} that are damaged more often than others
   */
  public static void tryAll(byte[] file, List<int[]> important, int count, Use use) {
    for (int seed = 0; seed < count; seed++) {
      byte[] damaged = damaged(file, important, new Random(seed));
      try {
        use.of(damaged);
      } catch (IOException e) {
        // Refused, as it should be.
      } catch (Throwable e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static byte[] damaged(byte[] file, List<int[]> important, Random random) {
    byte[] damaged =
        random.nextInt(8) == 0 ? Arrays.copyOf(file, random.nextInt(file.length)) : file.clone();
    if (damaged.length < 16) return damaged;
    for (int times = random.nextInt(3); times >= 0; times--) {
      int at = place(damaged.length - 8, important, random);
      var bytes =
          ByteBuffer.wrap(damaged)
              .order(random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
      switch (random.nextInt(4)) {
        case 0 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> damaged[at] = (byte) random.nextInt();
        case 2 -> bytes.putInt(at & ~3, (int) EXTREMES[random.nextInt(EXTREMES.length)]);
        default -> bytes.putLong(at & ~3, EXTREMES[random.nextInt(EXTREMES.length)]);
      }
    }
    return damaged;
  }

  private static int place(int length, List<int[]> important, Random random) {
    if (random.nextInt(8) == 0) return random.nextInt(length);
    int[] range = important.get(random.nextInt(important.size()));
    return Math.min(length - 1, range[0] + random.nextInt(range[1] - range[0]));
  }
}
