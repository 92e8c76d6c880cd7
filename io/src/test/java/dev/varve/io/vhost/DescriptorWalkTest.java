package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Guests that a generator makes up; the oracle is in {@link FuzzedQueue}. For a long run: {@code
 * -Dvarve.fuzz.chains=10000000}, and {@code -Dvarve.seed} for the same one again.
 */
class DescriptorWalkTest {

  private static final long CHAINS = Long.getLong("varve.fuzz.chains", 30_000);

  @Test
  void seedsBreakManyRulesAndReachNothingThatIsNotTheirs() throws Exception {
    Set<String> broken = new TreeSet<>();
    try (var queue = new FuzzedQueue()) {
      for (byte[] seed : FuzzSeeds.of("descriptors")) {
        queue.run(seed);
        broken.add(queue.fault().replaceAll("-?(0x)?[0-9][0-9a-f]*", "N"));
      }
    }
    assertTrue(broken.size() >= 12, () -> "new seeds are needed; these reach only " + broken);
  }

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
