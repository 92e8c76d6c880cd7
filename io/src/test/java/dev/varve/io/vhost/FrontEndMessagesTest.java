package dev.varve.io.vhost;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Front-ends that a generator makes up; the oracle is in {@link FuzzedFrontEnd}. For a long run:
 * {@code -Dvarve.fuzz.frontEnds=100000}, and {@code -Dvarve.seed} for the same one again.
 */
@Timeout(value = 3600, threadMode = ThreadMode.SEPARATE_THREAD)
class FrontEndMessagesTest {

  private static final int FRONT_ENDS = Integer.getInteger("varve.fuzz.frontEnds", 60);

  @Test
  void seedsLeaveNothingBehind() throws Exception {
    try (var frontEnd = new FuzzedFrontEnd()) {
      for (byte[] seed : FuzzSeeds.of("messages")) frontEnd.run(seed);
      frontEnd.check();
    }
  }

  @Test
  void frontEndsThatAreMadeUpLeaveNothingBehind() throws Exception {
    long seed = Long.getLong("varve.seed", new Random().nextLong());
    var random = new Random(seed);
    int played = 0;
    byte[] bytes = {};
    try (var frontEnd = new FuzzedFrontEnd()) {
      for (; played < FRONT_ENDS; played++) {
        bytes = new byte[1 + random.nextInt(800)];
        random.nextBytes(bytes);
        frontEnd.run(bytes);
        if (played % 8 == 7) frontEnd.check();
      }
    } catch (Throwable e) {
      throw new AssertionError(
          "seed %d, front-end %d: %s".formatted(seed, played, HexFormat.of().formatHex(bytes)), e);
    }
  }
}
