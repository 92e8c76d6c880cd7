package dev.varve.io.running;

import dev.varve.io.chain.LiveChain;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Set;

/** Chains that are held at the same moment. */
final class Held {

  private final Set<LiveChain> chains = new LinkedHashSet<>();

  /** Holds a chain; once, however often it is asked for. */
  void hold(LiveChain chain) throws IOException {
    if (chains.contains(chain)) return;
    chain.hold();
    chains.add(chain);
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
