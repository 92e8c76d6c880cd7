package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Enlarges the disk in an image. What is added reads as zeroes. One thread at a time for an image.
 *
 * <p>The entries of the new blocks are written behind the block map, where nobody reads yet, and
 * only when they are durable the header says that they belong to it; it changes within one sector
 * of the file. So a crash leaves the disk as large as it was, or as it is to be. Data never moves:
 * an image whose map has no room in front of its data is refused.
 */
public final class VdiGrowth {

  private static final int CHUNK_ENTRIES = 1 << 18;

  private VdiGrowth() {}

  /**
   * Refuses what {@link #grow} would refuse. Changes nothing.
   *
   * @throws VdiFormatException if the block map has no room for so many blocks
   */
  public static void check(VdiHeader header, long capacity, String name) throws VdiFormatException {
    enlarged(header, capacity, name);
  }

  private static VdiHeader enlarged(VdiHeader header, long capacity, String name)
      throws VdiFormatException {
    @Nullable VdiHeader enlarged = header.enlarged(capacity);
    if (enlarged != null) return enlarged;
    throw new VdiFormatException(
        name,
        "disk size",
        header.capacity(),
        "it cannot grow to %d: the block map has room for %d blocks of %d bytes in front of the data"
            .formatted(
                capacity,
                (header.dataOffset() - header.mapOffset()) / Integer.BYTES,
                header.blockSize()),
        "copy the disk into a new image of that size");
  }

  /**
   * Makes the disk in {@code file} as large as {@code capacity}; durable when it returns. Does
   * nothing if it is as large already.
   *
   * @param file open for writing, and by nobody else
   * @param hidesParent whether the new blocks must read as zeroes though images below may hold
   *     something there; the block in which the disk ended must be in this image then
   */
  public static void grow(ImageFile file, long capacity, boolean hidesParent) throws IOException {
    VdiHeader header = VdiHeader.read(file);
    if (capacity <= header.capacity()) return;
    VdiHeader enlarged = enlarged(header, capacity, file.name());
    int last = (int) ((header.capacity() - 1) / header.blockSize());
    clearEnd(file, header, last);
    int entry = hidesParent ? BlockEntry.ZERO : BlockEntry.FREE;
    writeEntries(file, header.mapOffset(), last + 1, enlarged.blockCount(), entry);
    file.sync();
    file.write(0, enlarged.bytes());
    file.sync();
  }

  /** What the last block holds behind the end of the disk becomes visible: it may be anything. */
  private static void clearEnd(ImageFile file, VdiHeader header, int last) throws IOException {
    int entry = new BlockMap(file, header.mapOffset(), header.blockCount()).entry(last);
    if (!BlockEntry.isFileBlock(entry)) return;
    int visible = header.visibleLength(last);
    long start = header.blockOffset(entry) + visible;
    long length = (long) header.blockSize() - visible;
    file.punch(start, length);
    file.reserve(start, length);
  }

  private static void writeEntries(ImageFile file, long mapOffset, int from, int to, int entry)
      throws IOException {
    if (to <= from) return;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(BlockEntry.LAYOUT, Math.min(to - from, CHUNK_ENTRIES));
      for (long i = 0; i < chunk.byteSize() / Integer.BYTES; i++) {
        chunk.setAtIndex(BlockEntry.LAYOUT, i, entry);
      }
      for (int first = from; first < to; first += CHUNK_ENTRIES) {
        long length = (long) Math.min(to - first, CHUNK_ENTRIES) * Integer.BYTES;
        file.write(mapOffset + (long) first * Integer.BYTES, chunk.asSlice(0, length));
      }
    }
  }
}
