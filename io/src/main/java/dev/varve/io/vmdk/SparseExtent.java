package dev.varve.io.vmdk;

import static java.util.Objects.requireNonNull;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.EntryTable;
import dev.varve.io.layer.ForeignChange;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.MapLock;
import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.Extent;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * An extent of grains in any order, found by grain tables. It is verified once, before it is
 * written; until then an entry that points outside the file is found when it is used.
 *
 * <p>Threads: as {@link Extent} says.
 */
final class SparseExtent implements Extent {

  private static final int SECTOR = GrainDirectory.SECTOR;

  private final ImageFile file;
  private final long length;
  private final long lengthAtOpen;
  private final GrainDirectory directory;
  private final EntryTable table;
  private final int grainShift;
  private final int grain;
  private final boolean hasZeroed;

  /** What the header names, as long as nothing was written. */
  private final MetadataAreas areas;

  private final boolean wasUnclean;

  private final Object headerLock = new Object();

  /** The header in the file. */
  private volatile SparseHeader header;

  /** Whether the file has exactly {@link #header}; guarded by {@link #headerLock}. */
  private boolean headerIsKnown = true;

  /** Whether this program has noted in the file that it writes; guarded by the same. */
  private boolean isMarked;

  /** What {@link #verify} found, until {@link #mend} needs it. */
  private @Nullable ExtentScan verified;

  /** Not null once the extent can be written. */
  private volatile @Nullable GrainSpace space;

  private SparseExtent(
      ImageFile file, long length, long fileLength, SparseHeader header, GrainDirectory directory) {
    this.file = file;
    this.length = length;
    this.lengthAtOpen = fileLength;
    this.header = header;
    this.directory = directory;
    this.table = new EntryTable(file, directory);
    this.wasUnclean = header.isUnclean();
    this.grain = header.grain();
    this.grainShift = Integer.numberOfTrailingZeros(grain);
    this.hasZeroed = header.hasZeroedGrains();
    this.areas = MetadataAreas.ofHeader(header);
  }

  /**
   * Reads the directories.
   *
   * @param file lent
   * @param length of the piece of the disk, in bytes; the header has room for it
   * @throws ImageFormatException if two tables share bytes
   */
  static SparseExtent open(ImageFile file, SparseHeader header, long length) throws IOException {
    GrainDirectory directory = GrainDirectory.read(file, header);
    directory.requireOwnPlaces(file.name());
    return new SparseExtent(file, length, file.length(), header, directory);
  }

  @Override
  public int unit() {
    return grain;
  }

  @Override
  public long find(long offset, int length) throws IOException {
    int grain = grain(offset);
    if (grain(offset + length - 1) != grain) return Place.MIXED;
    if (isTableLost(grain)) return Place.LOST;
    int entry = table.entry(grain);
    if (entry == 0) return Place.FREE;
    if (entry == 1 && hasZeroed) return Place.ZERO;
    long place = place(entry);
    return isInFile(grain, place) ? place + within(offset) : Place.LOST;
  }

  @Override
  public int run(long offset, int length) {
    return Math.min(length, grain - within(offset));
  }

  private int grain(long offset) {
    return (int) (offset >>> grainShift);
  }

  private int within(long offset) {
    return (int) offset & grain - 1;
  }

  static long place(int entry) {
    return Integer.toUnsignedLong(entry) * SECTOR;
  }

  /** How many bytes of a grain the guest sees. */
  int visible(int grain) {
    return (int) Math.clamp(length - ((long) grain << grainShift), 0L, this.grain);
  }

  private boolean isTableLost(int grain) {
    if (space != null) return false;
    long at = directory.table(directory.tableOf(grain));
    long end = at + (long) header.tableSectors() * SECTOR;
    return at != EntryTable.NOWHERE && (end > lengthAtOpen || areas.touchNamed(at, end));
  }

  /** Whether the file has what the guest sees of a grain, and no metadata there. */
  private boolean isInFile(int grain, long place) {
    if (space != null) return true;
    long end = place + visible(grain);
    return end <= lengthAtOpen && !areas.touchNamed(place, end);
  }

  // ---- written

  ImageFile file() {
    return file;
  }

  SparseHeader header() {
    return header;
  }

  GrainDirectory directory() {
    return directory;
  }

  EntryTable table() {
    return table;
  }

  /** How many grains the guest sees, in part or whole. */
  int grains() {
    return grain(length - 1) + 1;
  }

  /**
   * Reads all tables. Changes nothing.
   *
   * @throws ImageFormatException if a write could damage something
   */
  void verify() throws IOException {
    if (space == null) verified = writableScan();
  }

  /**
   * Makes a verified extent writable: finds where new grains can be appended. What a crash left
   * between the two copies of a table is mended in the file first, durably.
   */
  void mend() throws IOException {
    if (space != null) return;
    ExtentScan scan = requireNonNull(verified, "it was verified");
    if (scan.isMendable()) {
      TableMending.mend(file, scan);
      directory.takeOver(scan.directory());
      scan = writableScan();
    }
    space = new GrainSpace(file, header, scan);
    verified = null;
  }

  /** Makes the extent of a file that is open for writing writable. */
  void allowWriting() throws IOException {
    verify();
    mend();
  }

  private ExtentScan writableScan() throws IOException {
    ExtentScan scan = scan();
    scan.requireWritable();
    return scan;
  }

  ExtentScan scan() throws IOException {
    return ExtentScan.of(file, header, length);
  }

  boolean isWritable() {
    return space != null;
  }

  private GrainSpace space() {
    GrainSpace open = space;
    if (open == null) throw new IllegalStateException(file.name() + " is open read-only");
    return open;
  }

  long placeOf(int grain) throws IOException {
    int entry = table.entry(grain);
    return entry == 0 ? Place.FREE : place(entry);
  }

  /** Takes a place whose bytes are zero and have space on the host. In the change lane. */
  long take(int grain, MapLock lock) throws IOException {
    if (!isMarked()) {
      mark();
      file.sync(); // before the first change of the file
    }
    ensureTable(grain, lock);
    return space().take();
  }

  void giveBack(long place) {
    space().giveBack(place);
  }

  /**
   * A grain without a table gets one, and its copy; both are durable before an entry is in them.
   */
  private void ensureTable(int grain, MapLock lock) throws IOException {
    int index = directory.tableOf(grain);
    if (directory.tables[index] != 0) return;
    int sectors = header.tableSectors();
    long made = space().append(sectors);
    long copy = directory.hasCopies() ? space().append(sectors) : made;
    file.sync();
    directory.write(file, index, made, copy);
    file.sync();
    synchronized (lock) {
      directory.set(index, made, copy);
    }
  }

  // ---- the mark for a clean end

  /** Notes in the file that a program writes to it. Not durable. */
  void mark() throws IOException {
    synchronized (headerLock) {
      if (!isMarked && !header.isUnclean()) writeHeader(header.withUnclean(true));
      isMarked = true;
    }
  }

  /** Whether a program had not closed the file when it was opened here. */
  boolean wasUnclean() {
    return wasUnclean;
  }

  boolean isMarked() {
    synchronized (headerLock) {
      return isMarked;
    }
  }

  /** Notes in the file that everything was made durable. Not durable itself. */
  void unmark() throws IOException {
    synchronized (headerLock) {
      writeHeader(header.withUnclean(false));
      isMarked = false;
    }
  }

  void writeHeader(SparseHeader changed) throws IOException {
    synchronized (headerLock) {
      headerIsKnown = false; // a failed write may leave a part of it in the file
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment sector = arena.allocate(SparseHeader.LENGTH);
        file.write(0, sector.copyFrom(MemorySegment.ofArray(changed.bytes())));
      }
      headerIsKnown = true;
      header = changed;
    }
  }

  /** Fails if another program has written the header. */
  void requireOurs() throws IOException {
    synchronized (headerLock) {
      if (!headerIsKnown) return;
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment found = arena.allocate(SparseHeader.LENGTH);
        file.read(0, found);
        if (found.mismatch(MemorySegment.ofArray(header.bytes())) >= 0)
          throw ForeignChange.found(file, "its header");
      }
    }
  }

  // ---- the end of the file

  /** Space for metadata at the end of the file, zeroed; returns where it begins, in bytes. */
  long append(long sectors) throws IOException {
    return space().append(sectors);
  }

  /** Whether a crash left space behind the last grain, or tables that differ. */
  boolean hasLeftovers() throws IOException {
    if (!wasUnclean) return false;
    ExtentScan scan = scan();
    return scan.isMendable() || scan.trailingBytes() > 0;
  }

  /** Cuts off what a crash left behind the last grain, before anything is written. Not durable. */
  void cutLeftovers() throws IOException {
    ExtentScan scan = scan();
    if (scan.trailingBytes() > 0) space().dropLeftovers(scan.fileLength() - scan.trailingBytes());
  }

  /** Cuts off what was reserved behind the last grain. Not durable. */
  void cutFile() throws IOException {
    if (space != null) space().cut();
  }
}
