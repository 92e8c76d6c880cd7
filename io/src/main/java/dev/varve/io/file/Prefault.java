package dev.varve.io.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Waits until bytes that were asked for are in the host's memory: by reading them, because only a
 * read waits for a page on every kernel and reports a page that cannot be had. Any thread; blocks.
 */
final class Prefault {

  private static final int PIECE = (int) Residency.PIECE;

  /** Where the bytes go, which are not looked at; one per thread. */
  private static final ThreadLocal<MemorySegment> NOWHERE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(PIECE));

  private Prefault() {}

  static void await(ImageFile file, long offset, long length) throws IOException {
    long end = offset + length;
    for (long at = offset, n; at < end; at += n) {
      n = Math.min(end - at, PIECE - at % PIECE);
      if (!file.resident(at, n)) file.read(at, NOWHERE.get().asSlice(0, n));
    }
  }
}
