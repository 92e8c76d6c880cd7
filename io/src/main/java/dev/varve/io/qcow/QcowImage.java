package dev.varve.io.qcow;

import dev.varve.core.device.ReadSink;
import dev.varve.io.encoded.DecodedPages;
import dev.varve.io.encoded.Deflated;
import dev.varve.io.encoded.EncodedUnits;
import dev.varve.io.encoded.Zstandard;
import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.LayerWriter;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.storage.ReaderEpochs;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open QCOW or QCOW2 file, which is only read. Of an image with internal snapshots the present
 * state is shown.
 *
 * <p>Clusters can be as small as a sector. Since a chain keeps an entry for each block, a block is
 * at least 64 KiB here, and answers {@link Place#MIXED} where its clusters differ.
 *
 * <p>Threads: as {@link Layer} says; {@link #find} and {@link #run} are thread-safe here.
 */
public final class QcowImage implements Layer {

  private static final long COMPRESSED = 1L << 62;
  private static final long COMPRESSED_V1 = 1L << 63;
  private static final long ZERO = 1;
  private static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;
  private static final long ALL_SUBCLUSTERS = 0xFFFF_FFFFL;
  private static final int SUBCLUSTERS = 32;
  private static final int SECTOR = 512;
  private static final long END_OF_PLACES = 1L << 48;

  private final ImageFile file;
  private final List<ImageFile> files;
  private final QcowHeader header;
  private final LayerFacts facts;
  private final QcowTables tables;
  private final EncodedUnits compressed;
  private final long fileLength;
  private boolean closed;

  private QcowImage(ImageFile file, QcowHeader header, DecodedPages pages) throws IOException {
    this.file = file;
    this.files = List.of(file);
    this.header = header;
    this.facts = header.facts();
    this.fileLength = file.length();
    this.tables = new QcowTables(file, header, fileLength);
    tables.requireOwnPlaces(file.name());
    this.compressed = new EncodedUnits(pages, header.clusterSize(), this::decompress);
  }

  /**
   * Opens an image for reading. Reads only the header and the L1 table; an entry that points to a
   * wrong place is found when it is used.
   *
   * @param file owned by the image from now on, also when this fails
   * @throws dev.varve.io.layer.ImageFormatException if the header breaks a rule, two L1 entries
   *     name one L2 table, or the image is of a kind that cannot be read
   */
  public static QcowImage openReadOnly(ImageFile file) throws IOException {
    return openReadOnly(file, DecodedPages.OF_PROCESS);
  }

  static QcowImage openReadOnly(ImageFile file, DecodedPages pages) throws IOException {
    try {
      return new QcowImage(file, HeaderRules.read(file), pages);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /** An image to look at: the caller closes the file, and nothing else. */
  static QcowImage over(ImageFile file) throws IOException {
    return new QcowImage(file, HeaderRules.read(file), new DecodedPages(0));
  }

  QcowHeader header() {
    return header;
  }

  @Override
  public LayerFacts facts() {
    return facts;
  }

  @Override
  public List<String> notes() {
    return QcowNotes.of(header);
  }

  @Override
  public List<ImageFile> files() {
    return files;
  }

  // ---- where a range is

  @Override
  public long find(long offset, int length) throws IOException {
    return run(offset, length) < length ? Place.MIXED : placeOf(offset);
  }

  @Override
  public int run(long offset, int length) throws IOException {
    long blockEnd = (offset & -facts.blockSize()) + facts.blockSize();
    long end = Math.min(offset + length, blockEnd);
    long first = placeOf(offset);
    long at = offset;
    do {
      at = endOf(at, placeOf(at));
    } while (at < end && placeOf(at) == (Place.isStored(first) ? first + at - offset : first));
    return (int) (Math.min(at, end) - offset);
  }

  /** Where the answer ends that holds at {@code offset}, looking at one cluster only. */
  long endOf(long offset, long place) {
    int grain = header.hasSubclusters() ? subclusterSize() : header.clusterSize();
    long end = (offset & -grain) + grain;
    return Place.isStored(place)
        ? Math.min(end, offset + fileLength - Place.offset(place)) // what follows reads as zeroes
        : end;
  }

  /** Where the byte at {@code offset} is. */
  long placeOf(long offset) throws IOException {
    long cluster = offset / header.clusterSize();
    int within = (int) (offset & header.clusterSize() - 1);
    long entry = tables.entry(cluster);
    if (entry == 0 && !header.hasSubclusters()) return Place.FREE;
    if (entry == QcowTables.LOST) return Place.LOST;
    if (header.version() == 1)
      return (entry & COMPRESSED_V1) != 0 ? Place.ENCODED : stored(entry, SECTOR, within);
    if ((entry & COMPRESSED) != 0) return Place.ENCODED;
    long host = entry & OFFSET;
    if (header.hasSubclusters()) return inSubcluster(host, tables.bitmap(cluster), within);
    if ((entry & ZERO) != 0) return header.version() == 3 ? Place.ZERO : Place.LOST;
    return host == 0 ? Place.FREE : stored(host, header.clusterSize(), within);
  }

  /** The first offset from this one on whose cluster has a table; past the capacity if none has. */
  long nextTable(long offset) throws IOException {
    if (offset >= header.capacity()) return offset;
    long cluster = offset / header.clusterSize();
    long next = tables.nextWithTable(cluster);
    return next == cluster ? offset : next * header.clusterSize();
  }

  /**
   * How many clusters from this offset on, where a table begins, have a table at a place where none
   * can be; 0 if the table can be there.
   */
  long lostTable(long offset) throws IOException {
    if (!tables.isLost(offset / header.clusterSize())) return 0;
    long clusters = Math.ceilDiv(header.capacity() - offset, (long) header.clusterSize());
    long left = header.tableEntries() - offset / header.clusterSize() % header.tableEntries();
    return Math.min(left, clusters);
  }

  /** Whether the entry of this offset has the mark for zero, which VirtualBox does not know. */
  boolean isMarkedZero(long offset) throws IOException {
    long entry = tables.entry(offset / header.clusterSize());
    boolean isPlain = entry != QcowTables.LOST && (entry & COMPRESSED) == 0;
    return header.version() == 3 && !header.hasSubclusters() && isPlain && (entry & ZERO) != 0;
  }

  /** The low half of the bitmap says which subclusters are stored, the high half which are zero. */
  private long inSubcluster(long host, long bitmap, int within) {
    int subcluster = within / subclusterSize();
    boolean isStored = (bitmap >>> subcluster & 1) != 0;
    boolean isZero = (bitmap >>> SUBCLUSTERS + subcluster & 1) != 0;
    if (isStored && isZero || host == 0 && (bitmap & ALL_SUBCLUSTERS) != 0) return Place.LOST;
    if (isZero) return Place.ZERO;
    return isStored ? stored(host, header.clusterSize(), within) : Place.FREE;
  }

  private int subclusterSize() {
    return header.clusterSize() / SUBCLUSTERS;
  }

  /** What lies past the end of the file was reserved and not written: it is zero. */
  private long stored(long host, int alignment, int within) {
    if (host < 0 || host % alignment != 0) return Place.LOST;
    long at = host + within;
    if (at >= fileLength) return Place.ZERO;
    return at < END_OF_PLACES ? Place.at(0, at) : Place.LOST;
  }

  // ---- compressed clusters

  @Override
  public long skipFree(long offset) throws IOException {
    return nextTable(offset);
  }

  @Override
  public void decode(long offset, MemorySegment destination) throws IOException {
    compressed.read(offset, destination);
  }

  @Override
  public boolean tryDecoded(long offset, int length, ReadSink sink) {
    return compressed.tryRead(offset, length, sink);
  }

  /** Of how many bits the offset in the entry of a compressed cluster is; the length follows. */
  private int offsetBits() {
    int clusterBits = Integer.numberOfTrailingZeros(header.clusterSize());
    return header.version() == 1 ? 63 - clusterBits : 62 - (clusterBits - 8);
  }

  /** Whether the compressed data of this offset begins within the file. */
  boolean isCompressedInFile(long offset) throws IOException {
    long entry = tables.entry(offset / header.clusterSize());
    return (entry & (1L << offsetBits()) - 1) < fileLength;
  }

  private void decompress(long cluster, MemorySegment destination) throws IOException {
    long entry = tables.entry(cluster);
    boolean isFirst = header.version() == 1;
    int offsetBits = offsetBits();
    long host = entry & (1L << offsetBits) - 1;
    int size = (int) (entry >>> offsetBits) & (1 << (isFirst ? 63 : 62) - offsetBits) - 1;
    long length = isFirst ? size : (size + 1L) * SECTOR - host % SECTOR;
    if (host >= fileLength)
      throw new IOException(
          "%s: the compressed data of cluster %d begins at %d, past the end of the file of %d bytes; run 'qemu-img check', or restore the image from a backup"
              .formatted(name(), cluster, host, fileLength));
    int visible =
        (int) Math.min(header.clusterSize(), header.capacity() - cluster * header.clusterSize());
    int stored = (int) Math.min(length, fileLength - host);
    String what = "cluster " + cluster;
    if (header.isZstd()) Zstandard.decode(file, host, stored, destination, visible, what);
    else Deflated.RAW.inflate(file, host, stored, destination, visible, what);
  }

  // ---- only read

  static IOException onlyRead(Object file) {
    return new IOException(
        file
            + " is a QCOW image, and Varve only reads these; make a snapshot of its machine: the VDI image that it puts on top takes the writes");
  }

  @Override
  public void requireOurs() throws IOException {
    requireIntact();
  }

  @Override
  public void lockForWriting() throws IOException {
    throw onlyRead(name());
  }

  @Override
  public void allowWriting() throws IOException {
    throw onlyRead(name());
  }

  @Override
  public boolean leavesHoles() {
    return false;
  }

  @Override
  public LayerWriter writer(MapLock lock, ReaderEpochs writes, Supplier<UUID> ids) {
    throw new IllegalStateException(name() + " can only be read");
  }

  @Override
  public void changeParent(@Nullable LayerFacts parent, MapLock lock) throws IOException {
    throw onlyRead(name());
  }

  @Override
  public void grow(long capacity, boolean hidesParents) throws IOException {
    throw onlyRead(name());
  }

  @Override
  public void close() throws IOException {
    if (closed) return; // other images may use the file
    closed = true;
    compressed.close();
    file.close();
  }
}
