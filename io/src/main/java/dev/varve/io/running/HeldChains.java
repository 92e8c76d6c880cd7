package dev.varve.io.running;

import dev.varve.io.chain.LiveChain;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.LongSupplier;

/** Chains that are held at the same moment. Used by one thread; blocks. */
final class HeldChains {

  /** A guest that writes fast leaves as much to do again in every pass. */
  private static final int MOST_PASSES = 4;

  /** What came to be written during so short a pass does not make a guest wait for long. */
  private static final long SHORT_NANOS = 20_000_000;

  private final LongSupplier nanoClock;
  private final Set<LiveChain> chains = new LinkedHashSet<>();

  HeldChains(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Holds chains, each once, when as little as possible is left to do while they are held. */
  void hold(Collection<LiveChain> wanted) throws IOException {
    Set<LiveChain> each = new LinkedHashSet<>(wanted);
    for (int pass = 0; pass < MOST_PASSES; pass++) {
      long start = nanoClock.getAsLong();
      for (LiveChain chain : each) chain.prepareToHold();
      if (nanoClock.getAsLong() - start < SHORT_NANOS) break;
    }
    for (LiveChain chain : each) {
      chain.hold();
      chains.add(chain);
    }
  }

  /** Leaves out a chain that must not go on. */
  void forget(LiveChain chain) {
    chains.remove(chain);
  }

  /** Lets all go on; may be called again. */
  void resume() {
    chains.forEach(LiveChain::resume);
    chains.clear();
  }
}
