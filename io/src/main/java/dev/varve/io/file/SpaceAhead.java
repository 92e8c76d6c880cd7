package dev.varve.io.file;

import dev.varve.core.device.OutOfSpaceException;
import java.io.IOException;

/**
 * Reserves space at the end of a file that grows in pieces. A reservation costs the host about the
 * same whatever its length, so the pieces behind get space too; the owner cuts off what was not
 * used. Not thread-safe; blocks.
 */
public final class SpaceAhead {

  private static final long MAX_AHEAD = 16 << 20;

  private final ImageFile file;
  private long reservedEnd;
  private long ahead;

  public SpaceAhead(ImageFile file) {
    this.file = file;
  }

  /**
   * Makes sure that a piece at the end of the file has space.
   *
   * @param limit where the last piece that can follow ends, at least {@code start + length}
   */
  public void reserve(long start, long length, long limit) throws IOException {
    if (start + length <= reservedEnd) return;
    long wanted = Math.min(limit - start, Math.max(length, ahead));
    try {
      file.reserve(start, wanted);
      ahead = Math.min(2 * wanted, MAX_AHEAD);
    } catch (OutOfSpaceException e) {
      if (wanted == length) throw e;
      wanted = length; // perhaps there is space for this one at least
      file.reserve(start, wanted);
      ahead = 0;
    }
    reservedEnd = start + wanted;
  }

  /** Forgets what was reserved, since the file was cut. */
  public void cut() {
    reservedEnd = 0;
  }
}
