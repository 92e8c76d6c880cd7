package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.SECTOR;
import static java.util.Objects.requireNonNull;

import dev.varve.core.medium.ImageFormat;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a VHD file says about itself: its footer, the copy of it, and the header. Immutable.
 *
 * <p>A head that exists obeys the rules that a reader needs. What must be put right before the
 * image is written is no reason to refuse it here: see {@link WritingRules}.
 *
 * @param name of the file, for messages
 * @param fileLength when the head was read
 * @param footer the one that counts: the last sector of the file, or the copy if that is missing
 * @param footerAt its offset; -1 if it is missing
 * @param copy the footer at the beginning of a dynamic or differencing image; null if there is none
 * @param header null for a fixed image
 */
record VhdHead(
    String name,
    long fileLength,
    VhdFooter footer,
    long footerAt,
    @Nullable VhdFooter copy,
    @Nullable DynamicHeader header) {

  /** The blocks that VirtualBox opens; QEMU also opens smaller ones. */
  static final int MIN_WRITTEN_BLOCK = 256 << 10;

  static final int MIN_BLOCK_SIZE = 4 << 10;
  static final int MAX_BLOCK_SIZE = 128 << 20;

  /** 2040 GiB, the most of a VHD image, in the smallest blocks that are written. */
  private static final int MOST_BLOCKS = 1 << 23;

  /** The piece of a fixed image that is asked for at once. */
  static final int FIXED_BLOCK = 1 << 20;

  private static final String DAMAGED =
      "the file is damaged or not a VHD image: restore it from a backup";

  /** Whether a file of this length with these contents is a VHD image, valid or damaged. */
  static boolean isSigned(HeadSource file) throws IOException {
    long length = file.length();
    if (length < SECTOR) return length == SECTOR - 1 && isShortFooter(file);
    return VhdFooter.isFooter(file.read(length - SECTOR, SECTOR))
        || VhdFooter.isFooter(file.read(0, SECTOR))
        || isShortFooter(file);
  }

  private static boolean isShortFooter(HeadSource file) throws IOException {
    long at = file.length() - (SECTOR - 1);
    return at >= 0 && VhdFields.isAt(file.read(at, SECTOR - 1), 0, VhdFooter.COOKIE);
  }

  /**
   * Reads the head of a file.
   *
   * @throws ImageFormatException if the image must be refused
   */
  static VhdHead read(HeadSource file) throws IOException {
    long length = file.length();
    if (length < SECTOR)
      throw broken(file.name(), "file length", length, "a VHD image ends in a footer of 512 bytes");
    VhdFooter last = footer(file, length - SECTOR);
    VhdFooter first = length >= 2 * SECTOR ? footer(file, 0) : null;
    if (last == null && (first == null || first.type() == VhdType.FIXED)) throw noFooter(file);
    VhdFooter footer = last != null ? last : requireNonNull(first);
    return read(file, footer, last != null ? length - SECTOR : -1, first);
  }

  /**
   * Reads the head of a dynamic or differencing image by the copy of the footer, as if that were
   * missing.
   *
   * @throws ImageFormatException if there is no copy, or it breaks a rule
   */
  static VhdHead readByCopy(HeadSource file) throws IOException {
    VhdFooter first = file.length() >= 2 * SECTOR ? footer(file, 0) : null;
    if (first == null || first.type() == VhdType.FIXED)
      throw broken(file.name(), "copy of the footer", "missing", "the file begins with it");
    return read(file, first, -1, first);
  }

  private static VhdHead read(
      HeadSource file, VhdFooter footer, long footerAt, @Nullable VhdFooter first)
      throws IOException {
    long length = file.length();
    if (footer.type() == null)
      throw broken(file.name(), "image type", footer.typeCode(), "there are 2, 3 and 4");
    boolean fixed = footer.type() == VhdType.FIXED;
    checkCapacity(file.name(), footer);
    if (fixed) {
      checkLength(file, footer);
      return new VhdHead(file.name(), length, footer, footerAt, null, null);
    }
    DynamicHeader header = header(file, footer, length);
    return new VhdHead(file.name(), length, footer, footerAt, first, header);
  }

  private static @Nullable VhdFooter footer(HeadSource file, long at) throws IOException {
    var bytes = file.read(at, SECTOR);
    return VhdFooter.isFooter(bytes) ? new VhdFooter(bytes) : null;
  }

  private static ImageFormatException noFooter(HeadSource file) throws IOException {
    if (isShortFooter(file))
      return new ImageFormatException(
          file.name(),
          "footer length",
          SECTOR - 1,
          "it has 512 bytes",
          "old versions of Virtual PC make such images: convert it with 'qemu-img convert -f vpc'");
    return broken(
        file.name(), "footer", "missing", "the last 512 bytes of a VHD image begin with conectix");
  }

  private static void checkCapacity(String name, VhdFooter footer) throws ImageFormatException {
    long capacity = footer.capacity();
    if (capacity <= 0 || capacity % SECTOR != 0)
      throw broken(name, "current size", capacity, "a disk has one or more sectors of 512 bytes");
  }

  private static void checkLength(HeadSource file, VhdFooter footer) throws IOException {
    long room = file.length() - SECTOR;
    if (footer.capacity() > room)
      throw broken(
          file.name(),
          "current size",
          footer.capacity(),
          "the file has %d bytes in front of its footer".formatted(room));
  }

  private static DynamicHeader header(HeadSource file, VhdFooter footer, long length)
      throws IOException {
    String name = file.name();
    long at = footer.headerOffset();
    if (at < SECTOR || at > length - DynamicHeader.SIZE)
      throw broken(
          name,
          "header offset",
          Long.toUnsignedString(at),
          "the header lies behind the copy of the footer and within the file of %d bytes"
              .formatted(length));
    var header = new DynamicHeader(file.read(at, DynamicHeader.SIZE));
    if (!header.hasCookie())
      throw broken(name, "header at " + at, "no header", "it begins with cxsparse");
    checkBlocks(name, footer, header);
    checkTable(name, at, header, length);
    return header;
  }

  private static void checkBlocks(String name, VhdFooter footer, DynamicHeader header)
      throws ImageFormatException {
    int blockSize = header.blockSize();
    if (Integer.bitCount(blockSize) != 1
        || blockSize < MIN_BLOCK_SIZE
        || blockSize > MAX_BLOCK_SIZE)
      throw broken(
          name,
          "block size",
          Integer.toUnsignedString(blockSize),
          "it is a power of two from %d to %d".formatted(MIN_BLOCK_SIZE, MAX_BLOCK_SIZE));
    long needed = Math.ceilDiv(footer.capacity(), blockSize);
    if (header.entries() < 0 || header.entries() < needed)
      throw broken(
          name,
          "entries of the block table",
          Integer.toUnsignedString(header.entries()),
          "a disk of %d bytes with blocks of %d needs %d"
              .formatted(footer.capacity(), blockSize, needed));
    if (needed > MOST_BLOCKS)
      throw broken(name, "the number of blocks", needed, "it is at most " + MOST_BLOCKS);
  }

  private static void checkTable(String name, long headerAt, DynamicHeader header, long length)
      throws ImageFormatException {
    long start = header.tableOffset();
    long size = (long) header.entries() * Integer.BYTES;
    if (start < SECTOR || start > length - size)
      throw broken(
          name,
          "offset of the block table",
          Long.toUnsignedString(start),
          "the table of %d bytes lies behind the copy of the footer and within the file of %d bytes"
              .formatted(size, length));
    if (start < headerAt + DynamicHeader.SIZE && start + size > headerAt)
      throw broken(
          name,
          "offset of the block table",
          start,
          "the header lies from %d to %d".formatted(headerAt, headerAt + DynamicHeader.SIZE));
  }

  private static ImageFormatException broken(String name, String field, Object value, String rule) {
    return new ImageFormatException(name, field, value, rule, DAMAGED);
  }

  // ---- what it says

  VhdType type() {
    return requireNonNull(footer.type());
  }

  boolean isFixed() {
    return header == null;
  }

  /** The header of an image that is not fixed. */
  DynamicHeader dynamic() {
    return requireNonNull(header);
  }

  long capacity() {
    return footer.capacity();
  }

  int blockSize() {
    return header == null ? FIXED_BLOCK : header.blockSize();
  }

  /** How many blocks the disk has; the table may have more entries. */
  int blocks() {
    return (int) Math.ceilDiv(capacity(), blockSize());
  }

  /** The space of a block's bitmap: one bit a sector, in whole sectors. */
  int bitmapLength() {
    return bitmapLength(blockSize());
  }

  static int bitmapLength(int blockSize) {
    return Math.ceilDiv(blockSize / SECTOR, Byte.SIZE * SECTOR) * SECTOR;
  }

  /** The space of a block in the file, with its bitmap. */
  long stride() {
    return bitmapLength() + (long) blockSize();
  }

  /** How many bytes of a block the guest sees. */
  int visible(int block) {
    return (int) Math.min(blockSize(), capacity() - (long) block * blockSize());
  }

  /** The end of the block table, rounded up to a sector. */
  long tableEnd() {
    long end = dynamic().tableOffset() + (long) dynamic().entries() * Integer.BYTES;
    return Math.ceilDiv(end, SECTOR) * SECTOR;
  }

  /** Whether a range touches the copy of the footer, the header or the block table. */
  boolean isMetadata(long start, long end) {
    long headerAt = footer.headerOffset();
    return start < SECTOR
        || start < headerAt + DynamicHeader.SIZE && end > headerAt
        || start < tableEnd() && end > dynamic().tableOffset();
  }

  LayerFacts facts() {
    return new LayerFacts(
        ImageFormat.VHD,
        type().variant(),
        footer.id(),
        null,
        type() == VhdType.DIFFERENCING ? dynamic().parent() : null,
        null,
        capacity(),
        blockSize());
  }

  // ---- changed

  /** The head after the footer was written at another place. */
  VhdHead withFooterAt(long footerAt) {
    return new VhdHead(name, footerAt + SECTOR, footer, footerAt, copy, header);
  }

  VhdHead withFooter(VhdFooter footer) {
    return new VhdHead(name, fileLength, footer, footerAt, footer, header);
  }

  VhdHead withHeader(DynamicHeader header) {
    return new VhdHead(name, fileLength, footer, footerAt, copy, header);
  }
}
