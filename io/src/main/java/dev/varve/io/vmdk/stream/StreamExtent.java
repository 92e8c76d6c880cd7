package dev.varve.io.vmdk.stream;

import dev.varve.core.device.ReadSink;
import dev.varve.io.encoded.DecodedPages;
import dev.varve.io.encoded.Deflated;
import dev.varve.io.encoded.EncodedUnits;
import dev.varve.io.file.FilePieces;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.OwnPlaces;
import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.Extent;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * An extent whose grains are deflated, as a streamOptimized image has one. It is only read.
 *
 * <p>The directory is in front of the grains, or a footer at the end says where it is. An entry
 * that points outside the file, and a grain that is not what its marker must say, are found when
 * they are used.
 *
 * <p>Threads: as {@link Extent} says; all methods but {@link #close} are thread-safe.
 */
public final class StreamExtent implements Extent {

  private static final int SECTOR = 512;

  /** {u64 sector of the disk, u32 length of the stream}, in front of the stream. */
  private static final int MARKER = 12;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String DAMAGED = "the image is damaged: restore it from a backup";

  private final ImageFile file;
  private final long fileLength;
  private final SparseHeader header;
  private final long length;
  private final FilePieces tables;
  private final EncodedUnits grains;

  private StreamExtent(
      ImageFile file, long fileLength, SparseHeader header, long length, DecodedPages pages) {
    this.file = file;
    this.fileLength = fileLength;
    this.header = header;
    this.length = length;
    this.tables = new FilePieces(file, 0, fileLength, ByteOrder.LITTLE_ENDIAN);
    this.grains = new EncodedUnits(pages, header.grain(), this::inflate);
  }

  /**
   * Opens an extent. Reads the footer, if there is one, and the directory.
   *
   * @param file lent; it may be a part of a larger one, such as a member of an archive
   * @param header says that grains are compressed
   * @param length of the piece of the disk, in bytes; the header has room for it
   * @throws ImageFormatException if the footer breaks a rule or is not that of the header, or two
   *     grain tables share bytes
   */
  public static StreamExtent open(ImageFile file, SparseHeader header, long length)
      throws IOException {
    return open(file, header, length, DecodedPages.OF_PROCESS);
  }

  static StreamExtent open(ImageFile file, SparseHeader header, long length, DecodedPages pages)
      throws IOException {
    long fileLength = file.length();
    SparseHeader last = header.hasFooter() ? footer(file, fileLength, header) : header;
    var extent = new StreamExtent(file, fileLength, last, length, pages);
    extent.requireOwnTables();
    return extent;
  }

  private void requireOwnTables() throws IOException {
    long[] starts = new long[header.directoryEntries()];
    for (int i = 0; i < starts.length; i++) starts[i] = table(i) * SECTOR;
    OwnPlaces.require(file.name(), "grain table", starts, (long) header.tableSectors() * SECTOR);
  }

  /** The sector of a grain table; 0 if there is none. */
  private long table(long index) throws IOException {
    return Integer.toUnsignedLong(tables.intAt(header.directorySector() * SECTOR + 4 * index));
  }

  /** The footer is in the second-last sector, and repeats the header. */
  private static SparseHeader footer(ImageFile file, long fileLength, SparseHeader header)
      throws IOException {
    long at = fileLength / SECTOR * SECTOR - 2 * SECTOR;
    if (at < SECTOR)
      throw new ImageFormatException(
          file.name(), "the length of the file", fileLength, "it ends with a footer", DAMAGED);
    SparseHeader footer;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sector = arena.allocate(SECTOR);
      file.read(at, sector);
      footer =
          SparseHeader.parse(
              file.name() + ": the footer at byte " + at,
              sector.toArray(ValueLayout.JAVA_BYTE),
              fileLength);
    }
    require(
        file, "the sector of the grain directory", footer.directorySector(), footer.hasFooter());
    require(
        file,
        "capacity",
        footer.capacitySectors(),
        differ(footer.capacitySectors(), header.capacitySectors()));
    require(
        file, "grain", footer.grainSectors(), differ(footer.grainSectors(), header.grainSectors()));
    require(
        file,
        "number of table entries",
        footer.tableEntries(),
        differ(footer.tableEntries(), header.tableEntries()));
    require(file, "flags", footer.flags(), differ(footer.flags(), header.flags()));
    return footer;
  }

  private static boolean differ(long one, long other) {
    return one != other;
  }

  private static void require(ImageFile file, String field, long value, boolean isWrong)
      throws ImageFormatException {
    if (isWrong)
      throw new ImageFormatException(
          file.name(),
          "the " + field + " in the footer",
          value,
          "the footer repeats the header, and says where the directory is",
          DAMAGED);
  }

  @Override
  public int unit() {
    return header.grain();
  }

  // ---- where a range is

  @Override
  public long find(long offset, int length) throws IOException {
    if (run(offset, length) < length) return Place.MIXED;
    long sector = entry(offset / header.grain());
    if (sector == 0) return Place.FREE;
    if (sector == 1 && header.hasZeroedGrains()) return Place.ZERO;
    return isInFile(sector) ? Place.ENCODED : Place.LOST;
  }

  @Override
  public int run(long offset, int length) {
    return Math.min(length, header.grain() - (int) (offset & header.grain() - 1));
  }

  /** The sector of a grain's marker; 0 if there is no grain, -1 if its table cannot be there. */
  private long entry(long grain) throws IOException {
    long index = grain / header.tableEntries();
    long table = table(index);
    if (table == 0) return 0;
    long end = (table + header.tableSectors()) * SECTOR;
    if (end > fileLength) return -1;
    long within = 4 * (grain % header.tableEntries());
    return Integer.toUnsignedLong(tables.intAt(table * SECTOR + within));
  }

  /** No grain lies over the header and the descriptor. */
  private boolean isInFile(long sector) {
    long metadata =
        header.hasDescriptor() ? header.descriptorSector() + header.descriptorSectors() : 1;
    return sector >= metadata && sector * SECTOR + MARKER < fileLength;
  }

  // ---- grains

  @Override
  public void decode(long offset, MemorySegment destination) throws IOException {
    grains.read(offset, destination);
  }

  @Override
  public boolean tryDecoded(long offset, int length, ReadSink sink) {
    return grains.tryRead(offset, length, sink);
  }

  private void inflate(long grain, MemorySegment destination) throws IOException {
    long at = entry(grain) * SECTOR;
    int visible = (int) Math.min(header.grain(), length - grain * header.grain());
    String what = "grain " + grain;
    if (!header.hasMarkers()) {
      int most = (int) Math.min(2L * header.grain(), fileLength - at);
      Deflated.ZLIB.inflate(file, at, most, destination, visible, what);
      return;
    }
    int stored = markedLength(grain, at);
    Deflated.ZLIB.inflate(file, at + MARKER, stored, destination, visible, what);
  }

  /** The length of the stream behind a grain's marker. */
  private int markedLength(long grain, long at) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment marker = arena.allocate(MARKER);
      file.read(at, marker);
      long sector = marker.get(LONG, 0);
      long stored = Integer.toUnsignedLong(marker.get(INT, 8));
      if (sector != grain * header.grainSectors())
        throw damaged(
            "the sector in the marker of grain " + grain,
            Long.toUnsignedString(sector),
            "it is " + grain * header.grainSectors());
      long most = Math.min(2L * header.grain(), fileLength - at - MARKER);
      if (stored == 0 || stored > most)
        throw damaged(
            "the length in the marker of grain " + grain,
            stored,
            "a stream has 1 to %d bytes here".formatted(most));
      return (int) stored;
    }
  }

  /**
   * Looks at every entry and every marker. Inflates nothing; takes time in proportion to the number
   * of grains.
   *
   * @return what is damaged, a sentence each; of many that are alike the first and their number
   */
  public List<String> damage() throws IOException {
    List<String> found = new ArrayList<>();
    long lost = 0;
    long marked = 0;
    String firstMarked = "";
    long count = Math.ceilDiv(length, header.grain());
    for (long grain = 0; grain < count; grain++) {
      if (grain % header.tableEntries() == 0 && table(grain / header.tableEntries()) == 0) {
        grain += header.tableEntries() - 1;
        continue;
      }
      long sector = entry(grain);
      if (sector == 0 || sector == 1 && header.hasZeroedGrains()) continue;
      if (!isInFile(sector)) {
        if (lost++ == 0)
          found.add(file.name() + ": the entry of grain " + grain + " points outside the file");
        continue;
      }
      try {
        if (header.hasMarkers()) markedLength(grain, sector * SECTOR);
      } catch (ImageFormatException e) {
        if (marked++ == 0) firstMarked = e.getMessage();
      }
    }
    if (lost > 1)
      found.set(0, found.getFirst() + ", and so do those of %d others".formatted(lost - 1));
    if (marked > 0) found.add(firstMarked);
    if (marked > 1)
      found.add(
          file.name() + ": the markers of %d other grains are wrong, too".formatted(marked - 1));
    return List.copyOf(found);
  }

  private ImageFormatException damaged(String field, Object value, String rule) {
    return new ImageFormatException(file.name(), field, value, rule, DAMAGED);
  }

  /** Gives up what was decoded; the file stays open. Nothing reads any more. */
  @Override
  public void close() {
    grains.close();
  }
}
