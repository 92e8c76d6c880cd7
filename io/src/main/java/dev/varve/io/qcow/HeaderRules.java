package dev.varve.io.qcow;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * Checks the fields of a header, each before anything depends on it. Used once, by one thread.
 *
 * <pre>
 *  offset  bytes  version 2, 3                     offset  bytes  version 1
 *       0      4  "QFI" FB                              0      4  "QFI" FB
 *       4      4  version                               4      4  version
 *       8      8  offset of the backing name            8      8  offset of the backing name
 *      16      4  its length                           16      4  its length
 *      20      4  cluster bits                         20      4  time
 *      24      8  capacity                             24      8  capacity
 *      32      4  encryption                           32      1  cluster bits
 *      36      4  L1 entries                           33      1  bits of an L2 table's entries
 *      40      8  L1 offset                            36      4  encryption
 *      48      8  offset of the refcount table         40      8  L1 offset
 *      56      4  its clusters
 *      60      4  snapshots
 *      64      8  their offset
 *      72      8  incompatible features, version 3
 *      96      4  refcount order
 *     100      4  header length
 *     104      1  compression
 * </pre>
 *
 * <p>All numbers are big-endian. Extensions follow the header, each {type, length, data}.
 */
final class HeaderRules {

  /** How much of the file is looked at: as much as the smallest cluster. */
  static final int LONGEST = 512;

  static final int SIGNATURE = 0x514649FB;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int SECTOR = 512;
  private static final long MOST_CAPACITY = 1L << 50;
  private static final long MOST_L1_BYTES = 32 << 20;
  private static final long MOST_REFCOUNT_BYTES = 8 << 20;
  private static final int MOST_SNAPSHOTS = 1 << 16;
  private static final int LONGEST_NAME = 1023;
  private static final int SMALLEST_SUBCLUSTERED = 16 << 10;

  private static final int DIRTY = 1;
  private static final int CORRUPT = 1 << 1;
  private static final int DATA_FILE = 1 << 2;
  private static final int COMPRESSION = 1 << 3;
  private static final int EXTENDED_L2 = 1 << 4;

  private static final String DAMAGED =
      "the file is damaged or no QCOW image: run 'qemu-img check', or restore it from a backup";
  private static final String CONVERT =
      "convert it with 'qemu-img convert -O qcow2', which makes an image that can be read";

  private final String name;
  private final MemorySegment head;
  private final long fileLength;

  /**
   * Reads and checks the header.
   *
   * @throws ImageFormatException if it breaks a rule, or the image cannot be read
   */
  static QcowHeader read(ImageFile file) throws IOException {
    long length = file.length();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment head = arena.allocate(Math.min(length, LONGEST));
      file.read(0, head);
      return new HeaderRules(file.name(), head, length).checked();
    }
  }

  /** Reads the header of a file, without a lock. */
  static QcowHeader peek(Path path) throws IOException {
    try (ImageFile file = MappedFile.openUnlocked(path)) {
      return read(file);
    }
  }

  private HeaderRules(String name, MemorySegment head, long fileLength) {
    this.name = name;
    this.head = head;
    this.fileLength = fileLength;
  }

  private QcowHeader checked() throws ImageFormatException {
    require(head.byteSize() >= 48, "length of the file", fileLength, "a header has 48 bytes");
    require(
        (int) u32(0) == SIGNATURE,
        "signature",
        hex(u32(0)),
        "a QCOW image has " + hex(Integer.toUnsignedLong(SIGNATURE)));
    long version = u32(4);
    if (version == 1) return version1();
    if (version == 2 || version == 3) return version2((int) version);
    throw refused("version", version, "versions 1 to 3 can be read", CONVERT);
  }

  // ---- version 1

  private QcowHeader version1() throws ImageFormatException {
    int clusterBits = head.get(ValueLayout.JAVA_BYTE, 32);
    require(clusterBits >= 9 && clusterBits <= 16, "cluster bits", clusterBits, "9 to 16 are");
    int tableBits = head.get(ValueLayout.JAVA_BYTE, 33);
    require(tableBits >= 6 && tableBits <= 13, "bits of an L2 table", tableBits, "6 to 13 are");
    requirePlain(u32(36));
    long capacity = capacity();
    long l1Entries = Math.ceilDiv(capacity, 1L << clusterBits + tableBits);
    require(
        l1Entries * 8 <= MOST_L1_BYTES,
        "capacity",
        capacity,
        "with these clusters and L2 tables it is at most "
            + MOST_L1_BYTES / 8 * (1L << clusterBits + tableBits));
    long l1Offset = l1Offset(l1Entries, Long.BYTES);
    boolean hasBacking = hasBacking(fileLength);
    return new QcowHeader(
        1,
        1 << clusterBits,
        1 << tableBits,
        capacity,
        l1Offset,
        l1Entries,
        hasBacking,
        false,
        false,
        false,
        0);
  }

  // ---- versions 2 and 3

  private QcowHeader version2(int version) throws ImageFormatException {
    long shortest = version == 2 ? 72 : 104;
    require(
        head.byteSize() >= shortest,
        "length of the file",
        fileLength,
        "the header has " + shortest + " bytes");
    long clusterBits = u32(20);
    require(clusterBits >= 9 && clusterBits <= 21, "cluster bits", clusterBits, "9 to 21 are");
    int clusterSize = 1 << clusterBits;
    requirePlain(u32(32));
    long features = version == 2 ? 0 : features(clusterSize);
    boolean isZstd = compression(features);
    boolean extended = (features & EXTENDED_L2) != 0;
    require(
        !extended || clusterSize >= SMALLEST_SUBCLUSTERED,
        "cluster size",
        clusterSize,
        "an image with extended L2 entries has at least " + SMALLEST_SUBCLUSTERED);
    int tableEntries = clusterSize / (extended ? 16 : 8);
    long capacity = capacity();
    long l1Entries = Math.ceilDiv(capacity, (long) clusterSize * tableEntries);
    long stored = u32(36);
    require(
        stored >= l1Entries && stored * 8 <= MOST_L1_BYTES,
        "number of L1 entries",
        stored,
        "a capacity of %d needs %d, and %d are possible"
            .formatted(capacity, l1Entries, MOST_L1_BYTES / 8));
    long l1Offset = l1Offset(l1Entries, clusterSize);
    checkReferences(clusterSize);
    long snapshots = u32(60);
    checkSnapshots(snapshots);
    boolean hasBacking = hasBacking(clusterSize);
    if (version == 3) checkExtensions(u32(100), hasBacking ? u64(8) : clusterSize);
    return new QcowHeader(
        version,
        clusterSize,
        tableEntries,
        capacity,
        l1Offset,
        l1Entries,
        hasBacking,
        extended,
        isZstd,
        (features & DIRTY) != 0,
        (int) snapshots);
  }

  private long features(int clusterSize) throws ImageFormatException {
    long length = u32(100);
    require(
        length >= 104 && length <= Math.min(clusterSize, fileLength) && length % 8 == 0,
        "header length",
        length,
        "it is a multiple of 8 from 104 to the cluster size of %d, within the file of %d bytes"
            .formatted(clusterSize, fileLength));
    long features = u64(72);
    if ((features & CORRUPT) != 0)
      throw refused(
          "incompatible feature bit 1 (corrupt)",
          "set",
          "QEMU sets it when it finds the image damaged, and its contents can be wrong",
          "run 'qemu-img check -r all' on a copy, and look at what it says");
    if ((features & DATA_FILE) != 0)
      throw refused(
          "incompatible feature bit 2 (external data file)",
          "set",
          "only an image that holds its data itself can be read",
          CONVERT);
    long unknown = features & ~(DIRTY | COMPRESSION | EXTENDED_L2);
    if (unknown != 0)
      throw refused(
          "incompatible features",
          "0x" + Long.toHexString(features),
          "bits 0x" + Long.toHexString(unknown) + " have no meaning that is known here",
          CONVERT);
    long order = u32(96);
    require(order <= 6, "refcount order", order, "0 to 6 are possible");
    return features;
  }

  /** Whether it is zstd. */
  private boolean compression(long features) throws ImageFormatException {
    boolean isNamed = u32(4) == 3 && u32(100) > 104;
    int type = isNamed ? u8(104) : 0;
    if (type > 1)
      throw refused("compression", type, "0 (deflate) and 1 (zstd) can be read", CONVERT);
    require(
        (type != 0) == ((features & COMPRESSION) != 0),
        "compression",
        type,
        "incompatible feature bit 3 is set for any but 0, and only then");
    return type == 1;
  }

  private void checkReferences(int clusterSize) throws ImageFormatException {
    long offset = u64(48);
    require(
        offset > 0 && offset % clusterSize == 0 && offset < fileLength,
        "offset of the refcount table",
        Long.toUnsignedString(offset),
        "it is a multiple of the cluster size of %d within the file of %d bytes"
            .formatted(clusterSize, fileLength));
    long clusters = u32(56);
    require(
        clusters > 0 && clusters * clusterSize <= MOST_REFCOUNT_BYTES,
        "clusters of the refcount table",
        clusters,
        "it has 1 to " + MOST_REFCOUNT_BYTES / clusterSize);
  }

  private void checkSnapshots(long snapshots) throws ImageFormatException {
    if (snapshots == 0) return;
    require(snapshots <= MOST_SNAPSHOTS, "snapshots", snapshots, MOST_SNAPSHOTS + " are possible");
    long offset = u64(64);
    require(
        offset > 0 && offset % 8 == 0 && offset < fileLength,
        "offset of the snapshots",
        Long.toUnsignedString(offset),
        "it is a multiple of 8 within the file of " + fileLength + " bytes");
  }

  /** Extensions are only walked: what they say makes no difference to a reader. */
  private void checkExtensions(long headerLength, long end) throws ImageFormatException {
    end = Math.min(end, head.byteSize());
    for (long at = headerLength; at + 8 <= end; ) {
      long type = u32(at);
      long length = u32(at + 4);
      if (type == 0) return;
      if (length > end - at - 8 && end < LONGEST)
        throw refused(
            "length of header extension 0x" + Long.toHexString(type),
            length,
            "the extensions end at byte " + end,
            DAMAGED);
      at += 8 + (length + 7 & -8);
    }
  }

  // ---- both

  private long capacity() throws ImageFormatException {
    long capacity = u64(24);
    require(
        capacity > 0 && capacity <= MOST_CAPACITY && capacity % SECTOR == 0,
        "capacity",
        Long.toUnsignedString(capacity),
        "a disk has whole sectors of %d bytes, at least one, and at most %d bytes"
            .formatted(SECTOR, MOST_CAPACITY));
    return capacity;
  }

  private long l1Offset(long entries, int alignment) throws ImageFormatException {
    long offset = u64(40);
    require(
        offset > 0 && offset % alignment == 0 && offset <= fileLength - 8 * entries,
        "offset of the L1 table",
        Long.toUnsignedString(offset),
        "it is a multiple of %d, and the file of %d bytes holds the %d entries behind it"
            .formatted(alignment, fileLength, entries));
    return offset;
  }

  private boolean hasBacking(long end) throws ImageFormatException {
    long offset = u64(8);
    if (offset == 0) return false;
    long length = u32(16);
    require(length <= LONGEST_NAME, "length of the backing name", length, LONGEST_NAME + " fit");
    require(
        offset > 0 && offset <= end - length,
        "offset of the backing name",
        Long.toUnsignedString(offset),
        "the name of %d bytes ends within the first %d".formatted(length, end));
    return length > 0;
  }

  private void requirePlain(long encryption) throws ImageFormatException {
    if (encryption == 0) return;
    throw refused(
        "encryption",
        encryption == 1 ? "1 (AES)" : encryption == 2 ? "2 (LUKS)" : encryption,
        "encrypted images cannot be read",
        "decrypt it with 'qemu-img convert'");
  }

  private void require(boolean holds, String field, Object value, String rule)
      throws ImageFormatException {
    if (!holds) throw refused(field, value, rule, DAMAGED);
  }

  private ImageFormatException refused(String field, Object value, String rule, String advice) {
    return new ImageFormatException(name, field, value, rule, advice);
  }

  private int u8(long offset) {
    return Byte.toUnsignedInt(head.get(ValueLayout.JAVA_BYTE, offset));
  }

  private long u32(long offset) {
    return Integer.toUnsignedLong(head.get(INT, offset));
  }

  private long u64(long offset) {
    return head.get(LONG, offset);
  }

  private static String hex(long value) {
    return "0x" + Long.toHexString(value);
  }
}
