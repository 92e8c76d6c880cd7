package dev.varve.io.chain;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.Stages;
import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Copies the contents of a raw file to an open disk, and writes only the pages in which the two
 * differ. Not thread-safe; blocks.
 */
public final class RawImport {

  private static final int CHUNK = 1 << 20;

  private final BlockDevice disk;

  /**
   * @param disk lent; stays open
   */
  public RawImport(BlockDevice disk) {
    this.disk = disk;
  }

  /**
   * Copies {@code raw}. What the disk holds beyond the end of that file is kept. Blocks; the copy
   * is durable when this returns. A failure leaves a part of it written.
   *
   * @param raw not longer than the disk
   */
  public void from(Path raw) throws IOException {
    try (var source = DiskSource.raw(raw);
        Arena arena = Arena.ofShared()) {
      MemorySegment wanted = arena.allocate(CHUNK, Posix.PAGE_SIZE);
      MemorySegment found = arena.allocate(CHUNK, Posix.PAGE_SIZE);
      long end = source.capacity();
      for (long offset = 0; offset < end; offset += CHUNK) {
        long length = Math.min(CHUNK, end - offset);
        source.read(offset, wanted.asSlice(0, length));
        Stages.join(disk.read(offset, found.asSlice(0, length)));
        writeDifferences(offset, wanted.asSlice(0, length), found);
      }
    }
    Stages.join(disk.flush());
  }

  private void writeDifferences(long offset, MemorySegment wanted, MemorySegment found)
      throws IOException {
    long length = wanted.byteSize();
    for (long at = 0; at < length; at += Posix.PAGE_SIZE) {
      long end = Math.min(at + Posix.PAGE_SIZE, length);
      if (MemorySegment.mismatch(wanted, at, end, found, at, end) >= 0) {
        Stages.join(disk.write(offset + at, wanted.asSlice(at, end - at)));
      }
    }
  }
}
