package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.LONG;
import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Which sectors of a block an image holds. The most significant bit of a byte is its lowest sector.
 * Immutable.
 */
final class SectorBitmap {

  /** The bitmap of a block that the image holds whole. */
  static final SectorBitmap FULL = new SectorBitmap(new long[0]);

  /** Big-endian, so that the highest bit of a word is its lowest sector. */
  private final long[] words;

  private SectorBitmap(long[] words) {
    this.words = words;
  }

  /**
   * Reads the bitmap of a block.
   *
   * @param length how many bytes it has in the file
   * @param sectors how many sectors of the block count
   */
  static SectorBitmap read(ImageFile file, long at, int length, int sectors) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length, 8);
      file.read(at, bytes);
      var words = new long[Math.ceilDiv(sectors, Long.SIZE)];
      for (int i = 0; i < words.length; i++) words[i] = bytes.get(LONG, (long) i * Long.BYTES);
      var bitmap = new SectorBitmap(words);
      return bitmap.isSet(0) && bitmap.endOfRun(0, sectors) == sectors ? FULL : bitmap;
    }
  }

  boolean isSet(int sector) {
    return this == FULL || (words[sector / Long.SIZE] << sector & Long.MIN_VALUE) != 0;
  }

  /** The first sector in {@code (sector, end)} whose bit differs from that of this one, or end. */
  int endOfRun(int sector, int end) {
    if (this == FULL) return end;
    long flip = isSet(sector) ? -1L : 0;
    while (sector < end) {
      long others = (words[sector / Long.SIZE] ^ flip) << sector; // shifts by the lowest six bits
      if (others != 0) return Math.min(end, sector + Long.numberOfLeadingZeros(others));
      sector = (sector / Long.SIZE + 1) * Long.SIZE;
    }
    return end;
  }

  /** Takes a part of a block. */
  interface Part {
    void at(int within, int length) throws IOException;
  }

  /** Hands over the parts of a block whose bits are clear, below {@code visible}. */
  void eachMissing(int visible, Part part) throws IOException {
    int sectors = Math.ceilDiv(visible, SECTOR);
    for (int sector = 0, next; sector < sectors; sector = next) {
      next = endOfRun(sector, sectors);
      if (!isSet(sector)) part.at(sector * SECTOR, (next - sector) * SECTOR);
    }
  }

  /** What the file has for a block that it holds whole. */
  static MemorySegment allSet(Arena arena, int blockSize, int length) {
    MemorySegment bytes = arena.allocate(length, 8);
    bytes.asSlice(0, Math.max(1, blockSize / SECTOR / Byte.SIZE)).fill((byte) 0xFF);
    return bytes;
  }
}
