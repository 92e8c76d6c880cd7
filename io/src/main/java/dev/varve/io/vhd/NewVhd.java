package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The description of an image to make. The constructor throws {@link IllegalArgumentException} for
 * an image that the format does not have; its message is for the user. Immutable.
 *
 * <pre>
 *   copy of the footer, header (1024), block table, [two locators of 1024,] footer
 * </pre>
 *
 * @param capacity in bytes, a multiple of 512
 * @param parent of a differencing image; null for others
 */
record NewVhd(VhdType type, long capacity, UUID id, @Nullable Parent parent) {

  static final int BLOCK_SIZE = 2 << 20;

  /** The largest disk that other programs open: 2040 GiB. */
  static final long MAX_CAPACITY = 2040L << 30;

  private static final long TABLE_OFFSET = SECTOR + DynamicHeader.SIZE;
  private static final int CHUNK = 1 << 16;

  /**
   * The parent of a differencing image.
   *
   * @param name of its file
   * @param locators its paths, of which those that are too long are left out
   */
  record Parent(UUID id, String name, List<Locator> locators) {}

  NewVhd {
    if (capacity <= 0 || capacity % SECTOR != 0)
      throw new IllegalArgumentException(
          "capacity %d: a disk has one or more sectors of %d bytes".formatted(capacity, SECTOR));
    if (capacity > MAX_CAPACITY)
      throw new IllegalArgumentException(
          "capacity %d: a VHD disk has at most %d bytes; choose the format VDI"
              .formatted(capacity, MAX_CAPACITY));
  }

  VhdFooter footer() {
    return VhdFooter.of(type, capacity, id);
  }

  /** Writes the image into an empty file; makes nothing durable. */
  void write(ImageFile file) throws IOException {
    if (type == VhdType.FIXED) {
      file.reserve(0, capacity);
      file.write(capacity, footer().bytes());
    } else {
      writeHead(file, footer(), header());
    }
  }

  private DynamicHeader header() {
    int entries = (int) Math.ceilDiv(capacity, BLOCK_SIZE);
    DynamicHeader header = DynamicHeader.of(TABLE_OFFSET, entries, BLOCK_SIZE);
    return parent == null ? header : header.withParent(parent.id()).withParentName(parent.name());
  }

  private void writeHead(ImageFile file, VhdFooter footer, DynamicHeader header)
      throws IOException {
    file.write(0, footer.bytes());
    long end = writeTable(file, header);
    int index = 0;
    for (Locator locator : parent == null ? List.<Locator>of() : parent.locators()) {
      if (!locator.fits()) continue;
      file.write(end, locator.data());
      header = header.withLocator(index++, locator, end);
      end += Locator.SPACE;
    }
    file.write(SECTOR, header.bytes());
    file.write(end, footer.bytes());
  }

  /** Writes a table without blocks; returns its end, in whole sectors. */
  static long writeTable(ImageFile file, DynamicHeader header) throws IOException {
    long length = Math.ceilDiv((long) header.entries() * Integer.BYTES, SECTOR) * (long) SECTOR;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment free = arena.allocate(Math.min(length, CHUNK));
      free.fill((byte) 0xFF);
      for (long done = 0; done < length; done += free.byteSize())
        file.write(
            header.tableOffset() + done, free.asSlice(0, Math.min(free.byteSize(), length - done)));
    }
    return header.tableOffset() + length;
  }
}
