package dev.varve.io.chain;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the maps of all chains of the process, with a bound: a disk of many TiB with small
 * blocks, read whole, would otherwise take all of it. What was filled first is dropped first, of
 * whichever chain; that chain learns it again when it is asked for.
 *
 * <p>A map that nothing uses any more keeps no memory, though it counts until its turn comes.
 * Thread-safe. A caller may hold a map lock; none is taken here.
 */
final class MapMemory {

  /** A quarter of the heap. With 256 MiB, that is the map of 512 GiB in units of 64 KiB. */
  static final MapMemory OF_PROCESS =
      new MapMemory(Runtime.getRuntime().maxMemory() / 4 / Long.BYTES);

  private final long mostEntries;
  private final Queue<Filled> filled = new ArrayDeque<>();
  private long entries;

  /**
   * @param mostEntries the bound; what was filled last stays even if it is larger
   */
  MapMemory(long mostEntries) {
    this.mostEntries = mostEntries;
  }

  /** A map of which parts are dropped. */
  interface Forgetful {

    /** Makes the entries of a chunk unknown; any thread. */
    void drop(int chunk);
  }

  private record Filled(WeakReference<? extends Forgetful> map, int chunk, int entries) {}

  /** Counts a chunk that was filled, and drops others where there are too many. */
  synchronized void filled(WeakReference<? extends Forgetful> map, int chunk, int count) {
    filled.add(new Filled(map, chunk, count));
    entries += count;
    while (entries > mostEntries && filled.size() > 1) drop(filled.remove());
  }

  private void drop(Filled oldest) {
    entries -= oldest.entries;
    @Nullable Forgetful map = oldest.map.get();
    if (map != null) map.drop(oldest.chunk);
  }
}
