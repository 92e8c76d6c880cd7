package dev.varve.io.vmdk.header;

import dev.varve.io.file.ImageFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The header of a sparse extent, its first sector; all numbers are little-endian (FORMATS.md
 * section 2.2). Immutable.
 *
 * <pre>
 *   offset  size  field
 *        0     4  "KDMV"
 *        4     4  version: 1, 2 (zeroed grains) or 3 (compressed grains)
 *        8     4  flags
 *       12     8  capacity in sectors
 *       20     8  grain in sectors
 *       28     8  sector of the embedded descriptor; 0: none
 *       36     8  sectors of the embedded descriptor
 *       44     4  entries of a grain table
 *       48     8  sector of the redundant grain directory
 *       56     8  sector of the grain directory; all ones: the footer has it
 *       64     8  sectors in front of the grains
 *       72     1  not 0 while a program writes to the extent
 *       73     4  LF, blank, CR, LF
 *       77     2  compression: 0 none, 1 deflate
 * </pre>
 *
 * <p>A header that exists obeys all rules that its own numbers and the length of the file allow to
 * check: its directories and its descriptor lie in the file and not in each other's place.
 */
public final class SparseHeader {

  public static final int LENGTH = VmdkRules.SECTOR;

  /** The sector of the directory, if the footer has it. */
  public static final long IN_FOOTER = -1;

  private static final int SECTOR = VmdkRules.SECTOR;
  private static final int MAGIC = 'K' | 'D' << 8 | 'M' << 16 | 'V' << 24;
  private static final int LINE_ENDS_ARE_CHECKED = 1;
  private static final int HAS_REDUNDANT = 1 << 1;
  private static final int ZEROED_GRAINS = 1 << 2;
  private static final int COMPRESSED = 1 << 16;
  private static final int MARKERS = 1 << 17;
  private static final int KNOWN_FLAGS =
      LINE_ENDS_ARE_CHECKED | HAS_REDUNDANT | ZEROED_GRAINS | COMPRESSED | MARKERS;

  private static final int LINE_ENDS = '\n' | ' ' << 8 | '\r' << 16 | '\n' << 24;
  private static final int MIN_GRAIN = 8;
  private static final int MAX_GRAIN = 1 << 15;
  private static final int MIN_TABLE = 128;
  private static final int MAX_TABLE = 1 << 16;
  private static final int MAX_GRAINS = 1 << 30;
  private static final int CAPACITY_AT = 12;
  private static final int DESCRIPTOR_AT = 28;
  private static final int REDUNDANT_AT = 48;
  private static final int DIRECTORY_AT = 56;
  private static final int UNCLEAN_AT = 72;

  /** Sector numbers have 32 bits. */
  private static final long MAX_SECTOR = (1L << 32) - 1;

  private final byte[] bytes;

  private SparseHeader(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Whether a file with these first bytes is a sparse extent, valid or damaged. */
  public static boolean begins(byte[] head) {
    return head.length >= 4
        && ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(0) == MAGIC;
  }

  /** Reads the header of {@code file}. Blocks. */
  public static SparseHeader read(ImageFile file) throws IOException {
    long length = file.length();
    if (length < LENGTH)
      throw VmdkRules.broken(
          file.name(),
          "the length of the file",
          length,
          "a sparse extent has a header of 512 bytes");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sector = arena.allocate(LENGTH);
      file.read(0, sector);
      return parse(file.name(), sector.toArray(ValueLayout.JAVA_BYTE), length);
    }
  }

  /**
   * Checks a header.
   *
   * @param name the file, for messages
   * @param sector 512 bytes
   * @param fileLength of the extent, in bytes
   */
  public static SparseHeader parse(String name, byte[] sector, long fileLength)
      throws ImageFormatException {
    SparseHeader header = new SparseHeader(sector.clone());
    header.checkKind(name);
    header.checkNumbers(name);
    header.checkPlaces(name, fileLength);
    return header;
  }

  /**
   * A header for a new extent: version 1, without compression.
   *
   * @param capacity in sectors, a multiple of the grain
   * @param descriptorSectors 0 for an extent without a descriptor
   * @param redundant the sector of the redundant directory
   */
  public static SparseHeader plain(
      long capacity,
      int grainSectors,
      int descriptorSectors,
      int tableEntries,
      long redundant,
      long directory,
      long overhead) {
    byte[] bytes = new byte[LENGTH];
    var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(MAGIC).putInt(1).putInt(LINE_ENDS_ARE_CHECKED | HAS_REDUNDANT);
    buffer.putLong(capacity).putLong(grainSectors);
    buffer.putLong(descriptorSectors == 0 ? 0 : 1).putLong(descriptorSectors);
    buffer.putInt(tableEntries).putLong(redundant).putLong(directory).putLong(overhead);
    buffer.put((byte) 0).putInt(LINE_ENDS);
    return new SparseHeader(bytes);
  }

  /**
   * A header for a new extent with compressed grains and markers: version 3, as VirtualBox writes
   * it. Its descriptor begins in sector 1.
   *
   * @param capacity in sectors, a multiple of the grain
   * @param directory the sector of the directory, or {@link #IN_FOOTER}
   */
  public static SparseHeader compressed(
      long capacity,
      int grainSectors,
      int descriptorSectors,
      int tableEntries,
      long directory,
      long overhead) {
    byte[] bytes = new byte[LENGTH];
    var buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(MAGIC).putInt(3).putInt(LINE_ENDS_ARE_CHECKED | COMPRESSED | MARKERS);
    buffer.putLong(capacity).putLong(grainSectors).putLong(1).putLong(descriptorSectors);
    buffer.putInt(tableEntries).putLong(0).putLong(directory).putLong(overhead);
    buffer.put((byte) 0).putInt(LINE_ENDS).putShort((short) 1);
    return new SparseHeader(bytes);
  }

  // ---- checked

  private void checkKind(String name) throws ImageFormatException {
    if (intAt(0) != MAGIC)
      throw VmdkRules.broken(
          name, "signature", hex(intAt(0)), "a sparse extent begins with 'KDMV'");
    int version = version();
    if (version < 1 || version > 3)
      throw VmdkRules.unsupported(
          name, "version", Integer.toUnsignedString(version), "versions 1 to 3 are read");
    if ((flags() & ~KNOWN_FLAGS) != 0)
      throw VmdkRules.unsupported(
          name, "flags", hex(flags()), "only bits 0, 1, 2, 16 and 17 have a meaning");
    if (hasFlag(LINE_ENDS_ARE_CHECKED) && intAt(73) != LINE_ENDS)
      throw VmdkRules.broken(
          name,
          "the test for line ends",
          hex(intAt(73)),
          "it is " + hex(LINE_ENDS) + ": the file was copied as text");
    int compression = Short.toUnsignedInt(buffer().getShort(77));
    if (compression != (hasFlag(COMPRESSED) ? 1 : 0))
      throw VmdkRules.broken(
          name,
          "compression",
          compression,
          hasFlag(COMPRESSED)
              ? "it is 1 if the flags say that grains are compressed"
              : "it is 0 if the flags say that grains are not compressed");
    if (hasFlag(MARKERS) && !hasFlag(COMPRESSED))
      throw VmdkRules.broken(
          name, "flags", hex(flags()), "only an extent with compressed grains has markers");
  }

  private void checkNumbers(String name) throws ImageFormatException {
    long grain = longAt(20);
    if (grain < MIN_GRAIN || grain > MAX_GRAIN || Long.bitCount(grain) != 1)
      throw VmdkRules.broken(
          name,
          "the size of a grain in sectors",
          Long.toUnsignedString(grain),
          "it is a power of two from %d to %d".formatted(MIN_GRAIN, MAX_GRAIN));
    int entries = intAt(44);
    if (entries < MIN_TABLE || entries > MAX_TABLE || Integer.bitCount(entries) != 1)
      throw VmdkRules.broken(
          name,
          "the number of entries of a grain table",
          Integer.toUnsignedString(entries),
          "it is a power of two from %d to %d".formatted(MIN_TABLE, MAX_TABLE));
    if (capacitySectors() < 1 || capacitySectors() > VmdkRules.MAX_SECTORS)
      throw VmdkRules.broken(
          name,
          "capacity in sectors",
          Long.toUnsignedString(capacitySectors()),
          "it is from 1 to " + VmdkRules.MAX_SECTORS);
    if (Math.ceilDiv(capacitySectors(), grain) > MAX_GRAINS)
      throw VmdkRules.broken(
          name, "capacity in sectors", capacitySectors(), "an extent has at most 2^30 grains");
  }

  private void checkPlaces(String name, long fileLength) throws ImageFormatException {
    Area descriptor = null;
    if (longAt(DESCRIPTOR_AT) != 0) {
      if (descriptorSectors() < 1 || descriptorSectors() > VmdkRules.MAX_AREA_SECTORS)
        throw VmdkRules.broken(
            name,
            "the size of the descriptor in sectors",
            Long.toUnsignedString(descriptorSectors()),
            "it is from 1 to " + VmdkRules.MAX_AREA_SECTORS);
      descriptor = area(name, "the descriptor", DESCRIPTOR_AT, descriptorSectors(), fileLength);
    }
    if (hasFooter()) {
      if (!isCompressed())
        throw VmdkRules.broken(
            name,
            "the sector of the grain directory",
            "all ones",
            "only an extent with compressed grains has a footer instead");
      return;
    }
    Area directory =
        area(name, "the grain directory", DIRECTORY_AT, directorySectors(), fileLength);
    apart(name, directory, descriptor);
    if (!hasRedundant()) return;
    Area redundant =
        area(name, "the redundant grain directory", REDUNDANT_AT, directorySectors(), fileLength);
    apart(name, redundant, descriptor);
    apart(name, redundant, directory);
  }

  private record Area(String what, long first, long sectors) {}

  private Area area(String name, String what, int at, long sectors, long fileLength)
      throws ImageFormatException {
    long first = longAt(at);
    if (first < 1 || first > MAX_SECTOR)
      throw VmdkRules.broken(
          name,
          "the sector of " + what,
          Long.toUnsignedString(first),
          "it is from 1 to " + MAX_SECTOR);
    long end = first * SECTOR + (at == DESCRIPTOR_AT ? sectors * SECTOR : 4L * directoryEntries());
    if (end > fileLength)
      throw VmdkRules.broken(
          name,
          "the sector of " + what,
          first,
          "it ends at byte %d, behind the file of %d bytes".formatted(end, fileLength));
    return new Area(what, first, sectors);
  }

  private static void apart(String name, Area one, @Nullable Area other)
      throws ImageFormatException {
    if (other == null) return;
    if (one.first >= other.first + other.sectors || other.first >= one.first + one.sectors) return;
    throw VmdkRules.broken(
        name,
        "the sector of " + one.what,
        one.first,
        "%s has sectors %d to %d"
            .formatted(other.what, other.first, other.first + other.sectors - 1));
  }

  /**
   * Fails if the extent has no room for the piece of the disk that its line in a descriptor gives
   * it.
   *
   * @param descriptor the file with the line
   */
  public void requireRoomFor(long sectors, String descriptor) throws ImageFormatException {
    long room = Math.ceilDiv(capacitySectors(), (long) grainSectors()) * grainSectors();
    if (sectors > room)
      throw VmdkRules.broken(
          descriptor,
          "the size of an extent in sectors",
          sectors,
          "the header of the extent has " + capacitySectors());
  }

  // ---- the fields

  private ByteBuffer buffer() {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private int intAt(int at) {
    return buffer().getInt(at);
  }

  private long longAt(int at) {
    return buffer().getLong(at);
  }

  private static String hex(int value) {
    return "0x%08x".formatted(value);
  }

  private boolean hasFlag(int flag) {
    return (flags() & flag) != 0;
  }

  public int version() {
    return intAt(4);
  }

  public int flags() {
    return intAt(8);
  }

  public boolean hasRedundant() {
    return hasFlag(HAS_REDUNDANT);
  }

  /** Whether an entry of 1 means a grain of zeroes. */
  public boolean hasZeroedGrains() {
    return hasFlag(ZEROED_GRAINS);
  }

  /** Whether each grain is a deflated stream behind a marker. */
  public boolean isCompressed() {
    return hasFlag(COMPRESSED);
  }

  /** Whether a marker lies in front of each grain and each table. */
  public boolean hasMarkers() {
    return hasFlag(MARKERS);
  }

  /** Whether the directory's place is in a footer, a second header at the end of the file. */
  public boolean hasFooter() {
    return longAt(DIRECTORY_AT) == IN_FOOTER;
  }

  public long capacitySectors() {
    return longAt(CAPACITY_AT);
  }

  public int grainSectors() {
    return (int) longAt(20);
  }

  /** The grain in bytes. */
  public int grain() {
    return grainSectors() * SECTOR;
  }

  public boolean hasDescriptor() {
    return longAt(DESCRIPTOR_AT) != 0;
  }

  public long descriptorSector() {
    return longAt(DESCRIPTOR_AT);
  }

  public long descriptorSectors() {
    return longAt(36);
  }

  public int tableEntries() {
    return intAt(44);
  }

  /** How many sectors a grain table has. */
  public int tableSectors() {
    return 4 * tableEntries() / SECTOR;
  }

  /** How many grain tables the directory names. */
  public int directoryEntries() {
    return (int) Math.ceilDiv(Math.ceilDiv(capacitySectors(), longAt(20)), (long) tableEntries());
  }

  public long directorySectors() {
    return Math.ceilDiv(4L * directoryEntries(), SECTOR);
  }

  public long directorySector() {
    return longAt(DIRECTORY_AT);
  }

  public long redundantSector() {
    return longAt(REDUNDANT_AT);
  }

  /** How many sectors lie in front of the grains, as the maker says; other programs differ. */
  public long overheadSectors() {
    return longAt(64);
  }

  /** Whether a program has written to the extent and not closed it. */
  public boolean isUnclean() {
    return bytes[UNCLEAN_AT] != 0;
  }

  /** The 512 bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  // ---- changed

  public SparseHeader withUnclean(boolean unclean) {
    SparseHeader changed = new SparseHeader(bytes());
    changed.bytes[UNCLEAN_AT] = (byte) (unclean ? 1 : 0);
    return changed;
  }

  /** The same with directories of another place and size. */
  public SparseHeader withDirectories(long capacity, long redundant, long directory) {
    SparseHeader changed = new SparseHeader(bytes());
    changed.buffer().putLong(CAPACITY_AT, capacity);
    changed.buffer().putLong(REDUNDANT_AT, redundant).putLong(DIRECTORY_AT, directory);
    return changed;
  }

  /** The same with an embedded descriptor in another place. */
  public SparseHeader withDescriptor(long sector, long sectors) {
    SparseHeader changed = new SparseHeader(bytes());
    changed.buffer().putLong(DESCRIPTOR_AT, sector).putLong(DESCRIPTOR_AT + 8, sectors);
    return changed;
  }
}
