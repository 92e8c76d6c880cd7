package dev.varve.io.vdi;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.IntUnaryOperator;

/**
 * Enlarges the disk in an image; the added part reads as zeroes. One thread at a time for an image;
 * blocks.
 *
 * <p>The entries of the new blocks are written behind the block map, where no program reads yet, or
 * in a copy of the map if it has no room: see {@link MapMove}. Once they are durable, the header is
 * changed to include them, within one sector of the file. So a crash leaves the disk with its old
 * or its new size. A fixed image gets the space of the new blocks too.
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
    if (header.enlarged(capacity) == null && !MapMove.isPossible(header, capacity))
      throw tooLarge(header, capacity, name);
  }

  private static ImageFormatException tooLarge(VdiHeader header, long capacity, String name) {
    return new ImageFormatException(
        name,
        "disk size",
        header.capacity(),
        "it cannot grow to %d: the block map has room for %d blocks of %d bytes in front of the data, and cannot be moved"
            .formatted(
                capacity,
                (header.dataOffset() - header.mapOffset()) / Integer.BYTES,
                header.blockSize()),
        "copy the disk into a new image of that size");
  }

  private static boolean isFixed(VdiHeader header) {
    return header.type() == ImageType.FIXED;
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
    check(header, capacity, file.name());
    clearEnd(file, header);
    VdiHeader within = header.enlarged(capacity);
    VdiHeader enlarged = within != null ? within : MapMove.run(file, header, capacity);
    int entry = hidesParent ? BlockEntry.ZERO : BlockEntry.FREE;
    int places = isFixed(header) ? enlarged.blockCount() - header.blockCount() : 0;
    int first = enlarged.allocatedBlocks();
    reservePlaces(file, enlarged, places);
    writeEntries(
        file,
        enlarged,
        lastBlock(header) + 1,
        block ->
            block < enlarged.blockCount() - places ? entry : first + block - header.blockCount());
    VdiHeader grown = enlarged.withAllocatedBlocks(first + places);
    file.sync();
    file.write(0, grown.bytes());
    file.sync();
  }

  private static int lastBlock(VdiHeader header) {
    return (int) ((header.capacity() - 1) / header.blockSize());
  }

  /**
   * Zeroes the last block behind the old end of the disk: those bytes become visible and may be
   * anything.
   */
  private static void clearEnd(ImageFile file, VdiHeader header) throws IOException {
    int last = lastBlock(header);
    int entry = new BlockMap(file, header.mapOffset(), header.blockCount()).entry(last);
    if (!BlockEntry.isFileBlock(entry)) return;
    int visible = header.visibleLength(last);
    long start = header.blockOffset(entry) + visible;
    long length = (long) header.blockSize() - visible;
    file.punch(start, length);
    file.reserve(start, length);
  }

  /** Takes the space of the blocks behind the last that is counted; they read as zeroes. */
  private static void reservePlaces(ImageFile file, VdiHeader header, int places)
      throws IOException {
    if (places == 0) return;
    long start = header.dataOffset() + header.allocatedBlocks() * header.stride();
    long before = file.length();
    try {
      if (before > start) file.punch(start, before - start);
      file.reserve(start, places * header.stride());
    } catch (OutOfSpaceException e) {
      file.setLength(before);
      throw e;
    }
  }

  private static void writeEntries(
      ImageFile file, VdiHeader enlarged, int from, IntUnaryOperator entryOf) throws IOException {
    int to = enlarged.blockCount();
    if (to <= from) return;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(BlockEntry.LAYOUT, Math.min(to - from, CHUNK_ENTRIES));
      for (int first = from; first < to; first += CHUNK_ENTRIES) {
        int count = Math.min(to - first, CHUNK_ENTRIES);
        for (int i = 0; i < count; i++)
          chunk.setAtIndex(BlockEntry.LAYOUT, i, entryOf.applyAsInt(first + i));
        file.write(
            enlarged.mapOffset() + (long) first * Integer.BYTES,
            chunk.asSlice(0, (long) count * Integer.BYTES));
      }
    }
  }
}
