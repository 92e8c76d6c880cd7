package dev.varve.core.medium;

import org.jspecify.annotations.Nullable;

/** Which sizes a hard disk can get that has one already. Stateless; any thread. */
public final class DiskSize {

  private static final int SECTOR = 512;

  private DiskSize() {}

  /**
   * Why a disk cannot become as large as {@code capacity}, whatever its format is; the answer, for
   * people, says what to do. Null if it can, or is.
   *
   * @param now its size in bytes
   */
  public static @Nullable String whyNot(long now, long capacity) {
    if (capacity % SECTOR != 0)
      return "a disk has whole sectors of %d bytes, and %d is no multiple of that; choose %d"
          .formatted(SECTOR, capacity, Math.ceilDiv(capacity, (long) SECTOR) * SECTOR);
    if (capacity < now)
      return "it has %d bytes, and with %d the data at its end would be cut off; a disk can only grow"
          .formatted(now, capacity);
    return null;
  }
}
