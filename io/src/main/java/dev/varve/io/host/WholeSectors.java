package dev.varve.io.host;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Carries out requests of any alignment on a device that accepts only whole sectors from aligned
 * memory. Data goes through a buffer, and the partial sectors at the ends of a write are read
 * first. Several threads may read; one at a time may write. Waits for the medium.
 */
final class WholeSectors {

  private static final int BUFFER = 1 << 20;
  private static final int ALIGNMENT = 4096;

  private final ImageFile device;
  private final int sector;

  /**
   * @param device its length is a multiple of the sector size
   * @param sector in bytes, at most {@value #ALIGNMENT}
   */
  WholeSectors(ImageFile device, int sector) {
    this.device = device;
    this.sector = sector;
  }

  void read(long offset, MemorySegment destination) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = buffer(arena, destination.byteSize());
      long length = destination.byteSize();
      for (long done = 0, run; done < length; done += run) {
        long at = offset + done;
        int within = (int) (at % sector);
        run = Math.min(length - done, buffer.byteSize() - within);
        device.read(at - within, buffer.asSlice(0, whole(within + run)));
        MemorySegment.copy(buffer, within, destination, done, run);
      }
    }
  }

  void write(long offset, MemorySegment source) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = buffer(arena, source.byteSize());
      long length = source.byteSize();
      for (long done = 0, run; done < length; done += run) {
        long at = offset + done;
        int within = (int) (at % sector);
        run = Math.min(length - done, buffer.byteSize() - within);
        MemorySegment sectors = buffer.asSlice(0, whole(within + run));
        if (within != 0) device.read(at - within, sectors.asSlice(0, sector));
        long last = sectors.byteSize() - sector;
        if ((within + run) % sector != 0 && (within == 0 || last > 0))
          device.read(at - within + last, sectors.asSlice(last, sector));
        MemorySegment.copy(source, done, buffer, within, run);
        device.write(at - within, sectors);
      }
    }
  }

  /**
   * A buffer for a request of {@code length} bytes that begins within a sector, or for a part of
   * it.
   */
  private MemorySegment buffer(Arena arena, long length) {
    return arena.allocate(Math.min(BUFFER, whole(length) + sector), ALIGNMENT);
  }

  private long whole(long length) {
    return Math.ceilDiv(length, sector) * sector;
  }
}
