package dev.varve.bench.compare;

/** Which blocks of a disk a load asks for, one after the other. Not thread-safe. */
final class Blocks {

  private final Load load;
  private final long start;
  private final long count;
  private long random = 0x9e3779b97f4a7c15L;
  private long next;

  Blocks(Load load, Load.Range range) {
    this.load = load;
    this.start = range.offset();
    this.count = range.length() / load.blockSize();
  }

  /** Whether the next block is read; else it is written. */
  boolean isRead() {
    if (load.access() == Load.Access.RANDOM_MIX) return Math.floorMod(random, 10) < 7;
    return load.readsOnly();
  }

  /** Where the next block begins, in bytes. */
  long next() {
    return start + number() * load.blockSize();
  }

  private long number() {
    if (!load.random()) {
      next = next + 1 < count ? next + 1 : 0;
      return next;
    }
    random ^= random << 13;
    random ^= random >>> 7;
    random ^= random << 17;
    return Math.unsignedMultiplyHigh(random, count);
  }
}
