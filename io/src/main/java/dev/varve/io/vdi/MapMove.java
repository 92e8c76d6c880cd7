package dev.varve.io.vdi;

import static java.util.Objects.requireNonNull;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Finds room for a longer block map: where the first file blocks are, whose contents move behind
 * the others. The header then says that the map is there, and that the file blocks begin behind it.
 * One thread at a time for an image; blocks.
 *
 * <p>Each step is durable before the next, and an image at every moment: the count, the copies, the
 * entries that name the copies, and, in file blocks that nothing uses any more, the new map.
 */
final class MapMove {

  private static final int CHUNK = 1 << 20;
  private static final int ENTRIES = CHUNK / Integer.BYTES;

  private final ImageFile file;
  private final VdiHeader header;
  private final int places;
  private final BlockMap map;

  /** The next file block that gets contents. */
  private int next;

  private MapMove(ImageFile file, VdiHeader header, int places) {
    this.file = file;
    this.header = header;
    this.places = places;
    this.map = new BlockMap(file, header.mapOffset(), header.blockCount());
    this.next = Math.max(header.allocatedBlocks(), places);
  }

  /** Whether an image has file blocks left for what makes way for a map of a larger disk. */
  static boolean isPossible(VdiHeader header, long capacity) {
    int places = places(header, capacity);
    return places > 0
        && (long) header.allocatedBlocks() + places <= header.blockCount()
        && header.withFirstBlocksAsMap(places).enlarged(capacity) != null;
  }

  /** How many file blocks the map takes; 0 if it can be nowhere. */
  private static int places(VdiHeader header, long capacity) {
    long bytes = Math.ceilDiv(capacity, header.blockSize()) * Integer.BYTES;
    long places = Math.ceilDiv(bytes, header.stride());
    return header.canBeginDataAt(header.dataOffset() + places * header.stride()) ? (int) places : 0;
  }

  /**
   * Moves the map of an image for which that {@link #isPossible}. The new map has all old entries,
   * and is not durable yet.
   *
   * @return the header that makes it valid once it is written; with a count of what is stored
   */
  static VdiHeader run(ImageFile file, VdiHeader header, long capacity) throws IOException {
    var move = new MapMove(file, header, places(header, capacity));
    VdiHeader emptied = move.emptyPlaces();
    VdiHeader moved = emptied.withFirstBlocksAsMap(move.places);
    move.copyMap(moved.mapOffset());
    return requireNonNull(moved.enlarged(capacity), "it is possible");
  }

  /** Returns the header that is in the file when nothing names one of the first file blocks. */
  private VdiHeader emptyPlaces() throws IOException {
    int moving = 0;
    for (int block = 0; block < header.blockCount(); block++) if (isInTheWay(block)) moving++;
    if (moving == 0) return header;
    VdiHeader counted = header.withAllocatedBlocks(next + moving);
    file.write(0, counted.bytes());
    file.sync();
    int first = next;
    for (int block = 0; block < header.blockCount(); block++)
      if (isInTheWay(block)) copy(map.entry(block), next++);
    file.sync();
    writeEntries(first);
    file.sync();
    return counted;
  }

  private boolean isInTheWay(int block) throws IOException {
    int entry = map.entry(block);
    return BlockEntry.isFileBlock(entry) && entry < places;
  }

  private void copy(int from, int to) throws IOException {
    long source = header.dataOffset() + from * header.stride();
    long target = header.dataOffset() + to * header.stride();
    file.reserve(target, header.stride());
    long length = Math.min(header.stride(), file.length() - source);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment chunk = arena.allocate(Math.min(length, CHUNK));
      for (long done = 0; done < length; done += chunk.byteSize()) {
        MemorySegment part = chunk.asSlice(0, Math.min(chunk.byteSize(), length - done));
        file.read(source + done, part);
        file.write(target + done, part);
      }
    }
  }

  /** Names the copies, in the order in which they were made. */
  private void writeEntries(int first) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entry = arena.allocate(BlockEntry.LAYOUT);
      for (int block = 0; first < next; block++) {
        if (!isInTheWay(block)) continue;
        entry.set(BlockEntry.LAYOUT, 0, first++);
        file.write(header.mapOffset() + (long) block * Integer.BYTES, entry);
      }
    }
  }

  /** File blocks are counted from behind the new map. */
  private void copyMap(long target) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int blocks = header.blockCount();
      MemorySegment chunk = arena.allocate(BlockEntry.LAYOUT, Math.min(blocks, ENTRIES));
      for (int first = 0; first < blocks; first += ENTRIES) {
        int count = Math.min(ENTRIES, blocks - first);
        MemorySegment part = chunk.asSlice(0, (long) count * Integer.BYTES);
        file.read(header.mapOffset() + (long) first * Integer.BYTES, part);
        for (int i = 0; i < count; i++) {
          int entry = part.getAtIndex(BlockEntry.LAYOUT, i);
          if (BlockEntry.isFileBlock(entry)) part.setAtIndex(BlockEntry.LAYOUT, i, entry - places);
        }
        file.write(target + (long) first * Integer.BYTES, part);
      }
    }
  }
}
