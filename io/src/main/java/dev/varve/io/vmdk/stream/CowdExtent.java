package dev.varve.io.vmdk.stream;

import dev.varve.io.file.FilePieces;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.OwnPlaces;
import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.Extent;
import dev.varve.io.vmdk.header.TableLimit;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A sparse extent of ESX (vmfsSparse), which is only read.
 *
 * <pre>
 *   offset  size  field, little-endian
 *        0     4  "COWD"
 *        4     4  version: 1
 *        8     4  flags: 3
 *       12     4  capacity in sectors
 *       16     4  grain in sectors
 *       20     4  sector of the grain directory
 *       24     4  entries of the grain directory
 *       28     4  next free sector
 * </pre>
 *
 * <p>A grain table has 4096 entries. A grain can be a single sector; since a chain keeps an entry
 * for each unit, a unit is at least 64 KiB here, and answers {@link Place#MIXED} where its grains
 * differ.
 *
 * <p>Threads: as {@link Extent} says; all methods are thread-safe.
 */
public final class CowdExtent implements Extent {

  private static final int SECTOR = 512;
  private static final int HEADER = 32;
  private static final int MAGIC = 'C' | 'O' << 8 | 'W' << 16 | 'D' << 24;
  private static final int TABLE_ENTRIES = 4096;
  private static final int MAX_GRAIN = 2048;
  private static final int SMALLEST_UNIT = 64 << 10;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int grain;
  private final long directory;
  private final long fileLength;
  private final FilePieces tables;

  private CowdExtent(ImageFile file, int grain, long directory, long fileLength) {
    this.grain = grain;
    this.directory = directory;
    this.fileLength = fileLength;
    this.tables = new FilePieces(file, 0, fileLength, ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Opens an extent. Reads its header and its directory.
   *
   * @param file lent
   * @param length of the piece of the disk, in bytes
   * @param limit of the image
   * @throws ImageFormatException if the header breaks a rule, or has no room for that piece
   */
  public static CowdExtent open(ImageFile file, long length, TableLimit limit) throws IOException {
    long fileLength = file.length();
    require(
        file, fileLength >= HEADER, "the length of the file", fileLength, "a header has 32 bytes");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(HEADER);
      file.read(0, head);
      require(file, head.get(INT, 0) == MAGIC, "signature", hex(head.get(INT, 0)), "it is 'COWD'");
      long version = number(head, 4);
      require(file, version == 1, "version", version, "version 1 is read");
      long capacity = number(head, 12) * SECTOR;
      require(
          file,
          capacity >= length,
          "capacity",
          capacity,
          "the descriptor says " + length + " bytes");
      long grain = number(head, 16);
      require(
          file,
          grain >= 1 && grain <= MAX_GRAIN && Long.bitCount(grain) == 1,
          "the size of a grain in sectors",
          grain,
          "it is a power of two up to " + MAX_GRAIN);
      long entries = number(head, 24);
      long needed = Math.ceilDiv(length, grain * SECTOR * TABLE_ENTRIES);
      require(
          file,
          entries >= needed,
          "entries of the grain directory",
          entries,
          needed + " are needed");
      long directory = number(head, 20) * SECTOR;
      require(
          file,
          directory >= SECTOR && directory + 4 * needed <= fileLength,
          "the sector of the grain directory",
          directory / SECTOR,
          "the directory lies within the file of %d bytes".formatted(fileLength));
      limit.addTables(file.name(), needed);
      var extent = new CowdExtent(file, (int) grain * SECTOR, directory, fileLength);
      extent.requireOwnTables(file.name(), (int) needed);
      return extent;
    }
  }

  private void requireOwnTables(String name, int count) throws IOException {
    long[] starts = new long[count];
    for (int i = 0; i < count; i++) starts[i] = unsigned(directory + 4L * i) * SECTOR;
    OwnPlaces.require(name, "grain table", starts, 4L * TABLE_ENTRIES);
  }

  private static long number(MemorySegment head, int at) {
    return Integer.toUnsignedLong(head.get(INT, at));
  }

  private static String hex(int value) {
    return "0x%08x".formatted(value);
  }

  private static void require(
      ImageFile file, boolean holds, String field, Object value, String rule)
      throws ImageFormatException {
    if (!holds)
      throw new ImageFormatException(
          file.name(), field, value, rule, "the image is damaged: restore it from a backup");
  }

  @Override
  public int unit() {
    return Math.max(grain, SMALLEST_UNIT);
  }

  @Override
  public long find(long offset, int length) throws IOException {
    return run(offset, length) < length ? Place.MIXED : placeOf(offset);
  }

  @Override
  public int run(long offset, int length) throws IOException {
    long end = Math.min(offset + length, (offset & -unit()) + unit());
    long first = placeOf(offset);
    long at = offset;
    do at = (at & -grain) + grain;
    while (at < end && placeOf(at) == (Place.isStored(first) ? first + at - offset : first));
    return (int) (Math.min(at, end) - offset);
  }

  private long placeOf(long offset) throws IOException {
    long index = offset / grain;
    long table = unsigned(directory + 4 * (index / TABLE_ENTRIES)) * SECTOR;
    if (table == 0) return Place.FREE;
    if (table + 4 * TABLE_ENTRIES > fileLength) return Place.LOST;
    long place = unsigned(table + 4 * (index % TABLE_ENTRIES)) * SECTOR;
    if (place == 0) return Place.FREE;
    return place >= HEADER && place + grain <= fileLength
        ? place + (offset & grain - 1)
        : Place.LOST;
  }

  private long unsigned(long offset) throws IOException {
    return Integer.toUnsignedLong(tables.intAt(offset));
  }
}
