package dev.varve.io.vhost;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Guests that a generator makes up; the oracle is in {@link FuzzedQueue}. For a long run: {@code
 * -Dvarve.fuzz.chains=10000000}, and {@code -Dvarve.seed} for the same one again.
 */
class DescriptorWalkTest {

  private static final long CHAINS = Long.getLong("varve.fuzz.chains", 30_000);

  @Test
  void guestsThatAreMadeUpReachNothingThatIsNotTheirs() throws Exception {
    long seed = Long.getLong("varve.seed", new Random().nextLong());
    var random = new Random(seed);
    long chains = 0;
    long guests = 0;
    long stopped = 0;
    byte[] bytes = {};
    try (var queue = new FuzzedQueue()) {
      for (; chains < CHAINS; guests++) {
        bytes = new byte[1 + random.nextInt(2000)];
        random.nextBytes(bytes);
        chains += queue.run(bytes);
        if (!queue.fault().isEmpty()) stopped++;
      }
    } catch (Throwable e) {
      throw new AssertionError(
          "seed %d, guest %d: %s".formatted(seed, guests, HexFormat.of().formatHex(bytes)), e);
    }
    System.Logger log = System.getLogger(DescriptorWalkTest.class.getName());
    log.log(
        System.Logger.Level.INFO,
        "seed %d: %d chains of %d guests, of which %d broke a rule"
            .formatted(seed, chains, guests, stopped));
  }
}
