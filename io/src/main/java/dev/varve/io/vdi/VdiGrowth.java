package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Enlarges the disk in an image; the added part reads as zeroes. One thread at a time for an image;
 * blocks.
 *
 * <p>The entries of the new blocks are written behind the block map, where no program reads yet.
 * Once they are durable, the header is changed to include them, within one sector of the file. So a
 * crash leaves the disk with its old or its new size. Data never moves: an image is refused if its
 * map has no room to grow in front of the data.
 */
public final class VdiGrowth {

  private static final int CHUNK_ENTRIES = 1 << 18;

  private VdiGrowth() {}

  /**
   * Fails where {@link #grow} would fail. Changes nothing.
   *
   * @throws ImageFormatException if the block map has no room for so many blocks
   */
  public static void check(VdiHeader header, long capacity, String name)
      throws ImageFormatException {
    enlarged(header, capacity, name);
  }

  private static VdiHeader enlarged(VdiHeader header, long capacity, String name)
      throws ImageFormatException {
    @Nullable VdiHeader enlarged = header.enlarged(capacity);
    if (enlarged != null) return enlarged;
    throw new ImageFormatException(
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
   * nothing if it has that size already.
   *
   * @param file open for writing, and used by nothing else
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

  /**
   * Zeroes the last block behind the old end of the disk: those bytes become visible and may be
   * anything.
   */
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
