package dev.varve.io.vdi;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Fills a new image in the order of its blocks. Blocks that are never written stay free, or zero in
 * a fixed image. The unwritten part of a block stays a hole of the file. Makes nothing durable. Not
 * thread-safe; blocks.
 */
public final class VdiWriter {

  private static final int PAGE_ENTRIES = 1024;

  private final ImageFile file;
  private final VdiHeader header;
  private final boolean fixed;

  /**
   * The page of entries that contains {@link #block}'s. It is written when another page is needed.
   */
  private final int[] page = new int[PAGE_ENTRIES];

  private int block = -1;
  private int fileBlock = -1;
  private int fileBlocks;

  /**
   * Begins to write {@code image} into an empty file.
   *
   * @param file lent until {@link #finish} returns
   */
  public VdiWriter(ImageFile file, NewImage image) throws IOException {
    this.file = file;
    this.header = VdiCreator.write(file, image);
    this.fixed = image.type() == ImageType.FIXED;
    Arrays.fill(page, BlockEntry.FREE);
  }

  /**
   * Writes {@code data} at {@code offset} of the disk.
   *
   * @param offset not less than where the last write ended
   * @param data native memory, ends within the capacity
   */
  public void write(long offset, MemorySegment data) throws IOException {
    long blockSize = header.blockSize();
    for (long at = 0; at < data.byteSize(); ) {
      long within = (offset + at) % blockSize;
      long length = Math.min(data.byteSize() - at, blockSize - within);
      goTo((int) ((offset + at) / blockSize));
      file.write(header.blockOffset(fileBlock) + within, data.asSlice(at, length));
      at += length;
    }
  }

  /** Completes the image. Call no other method afterwards. */
  public VdiHeader finish() throws IOException {
    if (fixed) return header;
    writePage();
    VdiHeader finished = header.withAllocatedBlocks(fileBlocks);
    file.write(0, finished.bytes());
    file.setLength(header.dataOffset() + fileBlocks * header.stride());
    return finished;
  }

  /** Makes {@code next} the block that is written, and gives it a file block if it has none. */
  private void goTo(int next) throws IOException {
    if (next == block) return;
    assert next > block : "blocks are written in order";
    if (fixed) {
      fileBlock = next;
    } else {
      if (block / PAGE_ENTRIES != next / PAGE_ENTRIES) writePage();
      fileBlock = fileBlocks++;
      page[next % PAGE_ENTRIES] = fileBlock;
    }
    block = next;
  }

  private void writePage() throws IOException {
    if (block < 0) return;
    int first = block / PAGE_ENTRIES * PAGE_ENTRIES;
    int count = Math.min(PAGE_ENTRIES, header.blockCount() - first);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entries = arena.allocate(BlockEntry.LAYOUT, count);
      for (int i = 0; i < count; i++) entries.setAtIndex(BlockEntry.LAYOUT, i, page[i]);
      file.write(header.mapOffset() + (long) first * Integer.BYTES, entries);
    }
    Arrays.fill(page, BlockEntry.FREE);
  }
}
