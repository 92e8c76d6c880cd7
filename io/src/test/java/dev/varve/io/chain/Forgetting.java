package dev.varve.io.chain;

/** Makes chains forget where their units lie, as other chains do that need the memory. */
final class Forgetting {

  /** For the chains: has room for one chunk of one map. */
  final MapMemory memory = new MapMemory(1);

  private final ChainMap other = new ChainMap(1 << 20, 4096, memory);

  /** Makes the maps of all chains that have this memory unknown. */
  void forget() {
    synchronized (other) {
      other.fill(0, _ -> ChainMap.NONE);
    }
  }
}
