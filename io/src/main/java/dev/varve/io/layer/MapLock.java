package dev.varve.io.layer;

/**
 * Guards where the blocks of a disk lie: the block maps of all its images, which places of their
 * files are free, and changes to the chain's own map. The disk that opened the images owns it; all
 * chains over these images share it. It is held only for moments, never during a write of data.
 *
 * <p>Thread-safe: taken with {@code synchronized}.
 */
public final class MapLock {

  /** Whether the calling thread holds the lock; for {@code assert} in methods that need it. */
  public boolean isHeld() {
    return Thread.holdsLock(this);
  }
}
