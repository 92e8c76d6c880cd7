package dev.varve.bench.compare;

/**
 * Which image of a chain holds what. The base holds every MiB of the disk; above it, the newest
 * copy of each MiB is in a layer that only looks random, so that reads go through all of them.
 *
 * @param children how many differencing images with contents lie on the base
 * @param emptyTop whether an empty one lies on top, as after a snapshot
 */
record Layers(int children, boolean emptyTop) {

  static final Layers SINGLE = new Layers(0, false);

  /** How many images the chain has. */
  int count() {
    return 1 + children + (emptyTop ? 1 : 0);
  }

  /** The layer from which a MiB is read, 0 for the base. */
  int newest(long mebibyte) {
    long mixed = mebibyte * 0x9e3779b97f4a7c15L;
    return (int) ((mixed >>> 33) % (children + 1));
  }

  /** Whether a layer has a copy of a MiB of its own. */
  boolean holds(int layer, long mebibyte) {
    return layer == 0 || layer <= children && newest(mebibyte) == layer;
  }
}
