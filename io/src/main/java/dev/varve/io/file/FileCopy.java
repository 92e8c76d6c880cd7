package dev.varve.io.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Copies bytes between image files. Stateless; any thread; waits for the medium. */
public final class FileCopy {

  private FileCopy() {}

  /**
   * Copies a range, and leaves out holes at its beginning: the target reads as zeroes there.
   *
   * @param from offset in the source, in bytes
   * @param to offset in the target, in bytes
   * @throws IOException so, or the source does not reach so far any more
   */
  public static void copy(ImageFile source, long from, long to, int length, ImageFile target)
      throws IOException {
    long end = from + length;
    long data = source.nextData(from, end);
    if (data == end) {
      if (source.length() < end) {
        throw new IOException(
            source.name()
                + ": another process cut the file while it is served: it has no byte "
                + (end - 1));
      }
      return;
    }
    to += data - from;
    MemorySegment mapping = source.mapping();
    if (end <= mapping.byteSize()) {
      target.write(
          to, mapping.asSlice(data, end - data)); // the kernel copies from page cache to page cache
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(end - data, 8);
      source.read(data, buffer);
      target.write(to, buffer);
    }
  }
}
