package dev.varve.io.host;

import dev.varve.core.device.ExtentSink;
import dev.varve.io.file.ImageFile;
import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The space of a raw disk on the host: gives it back, zeroes it, and reports which parts are used.
 * One change at a time; any thread may ask for extents. All methods may wait.
 *
 * <p>A file accepts any range; the kernel zeroes the partial blocks at its ends. A block device
 * accepts only whole sectors, so zeroes are written to the partial ones at the ends.
 */
final class Space {

  private static final MemorySegment ZEROES = Arena.global().allocate(Posix.PAGE_SIZE);

  /** Writes at any offset. */
  interface Writer {
    void write(long offset, MemorySegment data) throws IOException;
  }

  private final ImageFile file;
  private final Writer writer;
  private final long capacity;

  /** The unit in which a device can zero a range by itself; 1 for a file. */
  private final int unit;

  /**
   * @param writer writes zeroes to partial sectors
   */
  Space(RawMedium medium, Writer writer) {
    this.file = medium.file();
    this.writer = writer;
    this.capacity = medium.capacity();
    this.unit = medium.isDevice() ? Math.max(Posix.PAGE_SIZE, medium.sectorSize()) : 1;
  }

  /** Makes the range read as zeroes. Its space is given back to the host or kept. */
  void zero(long offset, long length, boolean keepsSpace) throws IOException {
    long end = offset + length;
    long from = Math.ceilDiv(offset, unit) * unit;
    long to = end / unit * unit;
    if (from >= to) {
      write(offset, end);
      return;
    }
    write(offset, from);
    if (keepsSpace) file.zero(from, to - from);
    else giveBack(from, to);
    write(to, end);
  }

  /** Gives space back, and skips holes, of which there may be terabytes. */
  private void giveBack(long from, long to) throws IOException {
    // The block in which the file ends can be given back only as a whole.
    long end =
        unit == 1 && to == capacity ? Math.ceilDiv(to, Posix.PAGE_SIZE) * Posix.PAGE_SIZE : to;
    for (long at = file.nextData(from, to); at < to; at = file.nextData(at, to)) {
      long dataEnd = file.nextHole(at, to);
      long hole = Math.max(dataEnd, at + 1);
      file.punch(at, (hole == to ? end : hole) - at);
      at = hole;
    }
  }

  private void write(long from, long to) throws IOException {
    for (long at = from, run; at < to; at += run) {
      run = Math.min(Posix.PAGE_SIZE, to - at);
      writer.write(at, ZEROES.asSlice(0, run));
    }
  }

  /** Reports the data and the holes of a range, in order. */
  void extents(long offset, long length, ExtentSink sink) throws IOException {
    long end = offset + length;
    for (long at = offset; at < end; ) {
      long data = file.nextData(at, end);
      if (data > at && !sink.extent(data - at, 0, true)) return;
      if (data == end) return;
      long hole = Math.max(file.nextHole(data, end), data + 1);
      if (!sink.extent(hole - data, 1, false)) return;
      at = hole;
    }
  }
}
