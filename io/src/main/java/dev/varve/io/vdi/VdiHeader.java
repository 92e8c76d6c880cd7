package dev.varve.io.vdi;

import static dev.varve.io.vdi.HeaderLayout.BLOCK_EXTRA_AT;
import static dev.varve.io.vdi.HeaderLayout.COMMENT_FIELD;
import static dev.varve.io.vdi.HeaderLayout.DATA_OFFSET_AT;
import static dev.varve.io.vdi.HeaderLayout.EXTENDED_SIZE;
import static dev.varve.io.vdi.HeaderLayout.HEADER_SIZE_AT;
import static dev.varve.io.vdi.HeaderLayout.INT;
import static dev.varve.io.vdi.HeaderLayout.LEGACY_SECTOR_SIZE_AT;
import static dev.varve.io.vdi.HeaderLayout.LONG;
import static dev.varve.io.vdi.HeaderLayout.LONGEST;
import static dev.varve.io.vdi.HeaderLayout.MAP_OFFSET_AT;
import static dev.varve.io.vdi.HeaderLayout.PARENT_MODIFY_UUID_AT;
import static dev.varve.io.vdi.HeaderLayout.PRE_HEADER;
import static dev.varve.io.vdi.HeaderLayout.SECTOR_SIZE_AT;
import static dev.varve.io.vdi.HeaderLayout.SIGNATURE;
import static dev.varve.io.vdi.HeaderLayout.SIGNATURE_AT;
import static dev.varve.io.vdi.HeaderLayout.VERSION_1_1;
import static dev.varve.io.vdi.HeaderLayout.VERSION_AT;
import static dev.varve.io.vdi.HeaderLayout.putUuid;
import static dev.varve.io.vdi.HeaderLayout.versionText;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.ImageFile;
import dev.varve.io.image.KnownFormat;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.LayerFacts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The header of a VDI image: the bytes as they were read, and the fields in them. Immutable.
 *
 * <p>A header that exists obeys the rules by which VirtualBox opens an image, with two exceptions:
 * blocks may be from 4 KiB to 256 MiB, and {@link #notes} says what another tool would refuse.
 * Changing a field makes a new header that differs in the bytes of that field only, so that what
 * other tools keep in the file survives.
 */
public final class VdiHeader {

  /**
   * The smallest and the largest block that Varve reads. VirtualBox 7.2 opens 128 KiB to 128 MiB,
   * QEMU only 1 MiB.
   */
  public static final int MIN_BLOCK_SIZE = 4 << 10;

  public static final int MAX_BLOCK_SIZE = 256 << 20;

  /** The longest comment, in bytes of UTF-8. */
  public static final int MAX_COMMENT_BYTES = 255;

  /** The uuid that stands for none. */
  public static final UUID NO_UUID = new UUID(0, 0);

  /** A capacity is a multiple of this, in bytes. */
  static final int SECTOR = 512;

  /** The most blocks that an image may have. */
  static final int MAX_BLOCKS = 1 << 30;

  private final HeaderLayout layout;

  /** Read-only native memory, as long as this header is in the file. */
  private final MemorySegment bytes;

  /**
   * @param bytes already checked, if they come from a file
   */
  VdiHeader(HeaderLayout layout, MemorySegment bytes) {
    this.layout = layout;
    this.bytes = bytes.asReadOnly();
  }

  /**
   * Reads the header of {@code file}. May block.
   *
   * @throws ImageFormatException if the image must be refused
   */
  public static VdiHeader read(ImageFile file) throws IOException {
    return rules(file).checked();
  }

  /**
   * The same, but accepts a count of allocated blocks that is too high: the rest of the image may
   * be valid.
   */
  static VdiHeader readMiscounted(ImageFile file) throws IOException {
    return rules(file).checkedButForCount();
  }

  private static HeaderRules rules(ImageFile file) throws IOException {
    long fileLength = file.length();
    MemorySegment head = Arena.ofAuto().allocate(Math.clamp(fileLength, 1, LONGEST));
    if (fileLength > 0) file.read(0, head);
    return new HeaderRules(head, fileLength, file.name());
  }

  /**
   * Reads the header of a file without opening it as an image. Takes no lock, so another process
   * may be writing to the file. May block.
   *
   * @throws ImageFormatException if the image must be refused
   * @throws dev.varve.core.medium.OtherFormatException if it is a disk of another format
   */
  public static VdiHeader peek(Path path) throws IOException {
    try (var file = openRegular(path)) {
      MemorySegment head = firstBytes(file);
      if (!hasSignature(head)) KnownFormat.requireVdi(path);
      return parse(head, file.size(), path.toString());
    }
  }

  /** Whether a file has the signature of a VDI image, valid or damaged. May block. */
  public static boolean hasSignature(Path path) throws IOException {
    try (var file = openRegular(path)) {
      return hasSignature(firstBytes(file));
    }
  }

  private static boolean hasSignature(MemorySegment head) {
    return head.byteSize() >= PRE_HEADER && head.get(INT, SIGNATURE_AT) == SIGNATURE;
  }

  /** Opening anything else, such as a pipe, could wait for ever. */
  private static FileChannel openRegular(Path path) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException(path + " is not a regular file, as an image must be");
    }
    return FileChannel.open(path, StandardOpenOption.READ);
  }

  private static MemorySegment firstBytes(FileChannel file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(LONGEST);
    while (head.hasRemaining() && file.read(head, head.position()) >= 0) {}
    return MemorySegment.ofBuffer(head.flip());
  }

  /**
   * The header in the first bytes of a file.
   *
   * @param head 472 bytes or more, or the whole file if that is shorter
   * @param fileLength of the whole file
   * @param name of the file, for messages
   * @throws ImageFormatException if the image must be refused
   */
  public static VdiHeader parse(MemorySegment head, long fileLength, String name)
      throws ImageFormatException {
    return new HeaderRules(head, fileLength, name).checked();
  }

  /** A header of version 1.1 as VirtualBox writes it, without uuids yet. */
  static VdiHeader empty(
      ImageType type, long capacity, int blockSize, int blocks, long mapOffset, long dataOffset) {
    MemorySegment bytes = Arena.ofAuto().allocate(LONGEST);
    bytes.setString(0, "<<< Varve Virtual Disk Image >>>\n", StandardCharsets.US_ASCII);
    bytes.set(INT, SIGNATURE_AT, SIGNATURE);
    bytes.set(INT, VERSION_AT, VERSION_1_1);
    bytes.set(INT, HEADER_SIZE_AT, EXTENDED_SIZE);
    bytes.set(INT, HeaderLayout.V1.type, type.code());
    bytes.set(INT, MAP_OFFSET_AT, Math.toIntExact(mapOffset));
    bytes.set(INT, DATA_OFFSET_AT, (int) dataOffset); // unsigned
    bytes.set(INT, LEGACY_SECTOR_SIZE_AT, SECTOR); // QEMU insists on it
    bytes.set(LONG, HeaderLayout.V1.capacity, capacity);
    bytes.set(INT, HeaderLayout.V1.blockSize, blockSize);
    bytes.set(INT, HeaderLayout.V1.blockCount, blocks);
    bytes.set(INT, SECTOR_SIZE_AT, SECTOR);
    return new VdiHeader(HeaderLayout.V1, bytes);
  }

  public ImageType type() {
    ImageType type = ImageType.of(bytes.get(INT, layout.type));
    assert type != null : "checked when parsed";
    return type;
  }

  /** Major version in the upper 16 bits, minor in the lower: {@code 0x00010001} is 1.1. */
  public int version() {
    return bytes.get(INT, VERSION_AT);
  }

  /**
   * In bytes, counted from byte 72 of the file, as the file says: 384 or more in 1.x, always 348 in
   * 0.2.
   */
  public long headerSize() {
    return layout == HeaderLayout.V0_2
        ? HeaderLayout.V0_2.length - PRE_HEADER
        : Integer.toUnsignedLong(bytes.get(INT, HEADER_SIZE_AT));
  }

  /**
   * What the guest sees, in bytes: whole sectors of 512 bytes; VirtualBox rounds another size in
   * the same way.
   */
  public long capacity() {
    return storedCapacity() & -SECTOR;
  }

  /** In bytes, a power of two. */
  public int blockSize() {
    return bytes.get(INT, layout.blockSize);
  }

  /** Bytes in front of each stored block that do not belong to the disk. */
  public int blockExtra() {
    return layout == HeaderLayout.V0_2 ? 0 : bytes.get(INT, BLOCK_EXTRA_AT);
  }

  /** The distance in the file from one block to the next. */
  public long stride() {
    return (long) blockSize() + blockExtra();
  }

  /** How many entries the block map has. */
  public int blockCount() {
    return bytes.get(INT, layout.blockCount);
  }

  /**
   * How many bytes of a block the guest sees. The last block may be short, and a block behind the
   * end of the disk has none.
   */
  public int visibleLength(int block) {
    return (int) Math.clamp(capacity() - (long) block * blockSize(), 0L, blockSize());
  }

  /** How many file blocks are in use according to the header; not checked against the block map. */
  public int allocatedBlocks() {
    return bytes.get(INT, layout.allocated);
  }

  /** Whether {@link #allocatedBlocks} is at most the number of blocks. */
  boolean isCountPossible() {
    return Integer.compareUnsigned(allocatedBlocks(), blockCount()) <= 0;
  }

  public long mapOffset() {
    return layout == HeaderLayout.V0_2
        ? HeaderLayout.V0_2.length
        : Integer.toUnsignedLong(bytes.get(INT, MAP_OFFSET_AT));
  }

  /** Where file block 0 begins, its extra bytes first. */
  public long dataOffset() {
    return layout == HeaderLayout.V0_2
        ? mapOffset() + (long) blockCount() * Integer.BYTES
        : Integer.toUnsignedLong(bytes.get(INT, DATA_OFFSET_AT));
  }

  /**
   * Where the contents of a block begin in the file.
   *
   * @param fileBlock an entry of the block map, unsigned
   */
  public long blockOffset(int fileBlock) {
    return dataOffset() + Integer.toUnsignedLong(fileBlock) * stride() + blockExtra();
  }

  /** The file block whose bytes begin at this offset of the file. */
  int fileBlockAt(long offset) {
    assert (offset - dataOffset() - blockExtra()) % stride() == 0 : "no file block begins there";
    return (int) ((offset - dataOffset()) / stride());
  }

  /** The facts of the image, in the terms common to all formats. */
  public LayerFacts facts() {
    return new LayerFacts(
        ImageFormat.VDI,
        switch (type()) {
          case DYNAMIC, UNDO -> MediumVariant.STANDARD;
          case FIXED -> MediumVariant.FIXED;
          case DIFFERENCING -> MediumVariant.DIFFERENCING;
        },
        uuid(),
        modifyUuid(),
        orNull(parentUuid()),
        orNull(parentModifyUuid()),
        capacity(),
        blockSize());
  }

  private static @Nullable UUID orNull(UUID uuid) {
    return uuid.equals(NO_UUID) ? null : uuid;
  }

  /**
   * This header with another parent.
   *
   * @param parent null makes the image a base
   */
  VdiHeader above(@Nullable LayerFacts parent) {
    if (parent == null) {
      ImageType base = type() == ImageType.DIFFERENCING ? ImageType.DYNAMIC : type();
      return withType(base).withParent(NO_UUID, NO_UUID);
    }
    return withParent(requireNonNull(parent.id()), requireNonNullElse(parent.modifyId(), NO_UUID));
  }

  public UUID uuid() {
    return HeaderLayout.uuid(bytes, layout.uuid);
  }

  /** Renewed when the contents change. */
  public UUID modifyUuid() {
    return HeaderLayout.uuid(bytes, layout.modifyUuid);
  }

  /** The parent's {@link #uuid}, or {@link #NO_UUID}. */
  public UUID parentUuid() {
    return HeaderLayout.uuid(bytes, layout.parentUuid);
  }

  /**
   * The parent's {@link #modifyUuid} when this image was made, or {@link #NO_UUID}. It may differ
   * from the parent's in a healthy chain.
   */
  public UUID parentModifyUuid() {
    return layout == HeaderLayout.V0_2 ? NO_UUID : HeaderLayout.uuid(bytes, PARENT_MODIFY_UUID_AT);
  }

  public String comment() {
    byte[] field = bytes.asSlice(layout.comment, MAX_COMMENT_BYTES).toArray(JAVA_BYTE);
    int end = 0;
    while (end < field.length && field[end] != 0) end++;
    return new String(field, 0, end, StandardCharsets.UTF_8);
  }

  /**
   * Notes on what is unusual but no reason to refuse the image, a sentence each; mostly on how
   * other tools treat it. Empty for most images.
   */
  public List<String> notes() {
    return HeaderNotes.of(this);
  }

  HeaderLayout layout() {
    return layout;
  }

  /**
   * This header as it is written at offset 0 of the file: read-only native memory that covers the
   * header's own fields, and no byte of a block map right behind it.
   */
  public MemorySegment bytes() {
    return bytes;
  }

  public VdiHeader withAllocatedBlocks(int allocated) {
    if (allocated < 0 || allocated > blockCount()) {
      throw new IllegalArgumentException(
          "allocated blocks " + allocated + " in an image of " + blockCount() + " blocks");
    }
    return changed(copy -> copy.set(INT, layout.allocated, allocated));
  }

  /**
   * This header with a larger disk, if the block map has room in front of the data.
   *
   * @param capacity not less than now
   * @return null if the map has no room
   */
  public @Nullable VdiHeader enlarged(long capacity) {
    long blocks = Math.ceilDiv(capacity, blockSize());
    boolean hasRoom =
        blocks <= blockCount()
            || (layout == HeaderLayout.V1
                && blocks <= MAX_BLOCKS
                && mapOffset() + blocks * Integer.BYTES <= dataOffset());
    if (!hasRoom) return null;
    return changed(
        copy -> {
          copy.set(LONG, layout.capacity, capacity);
          copy.set(INT, layout.blockCount, (int) Math.max(blocks, blockCount()));
        });
  }

  /**
   * Whether the first file block can be at this offset: only 1.x has a field for it, of 32 bits.
   */
  boolean canBeginDataAt(long offset) {
    return layout == HeaderLayout.V1 && offset <= 0xFFFF_FFFFL;
  }

  /**
   * This header with the block map where the first file blocks are. File blocks are counted from
   * behind it.
   *
   * @param places how many file blocks the map takes
   */
  VdiHeader withFirstBlocksAsMap(int places) {
    long start = dataOffset();
    return changed(
        copy -> {
          copy.set(INT, MAP_OFFSET_AT, (int) start);
          copy.set(INT, DATA_OFFSET_AT, (int) (start + places * stride()));
          copy.set(INT, layout.allocated, Math.max(0, allocatedBlocks() - places));
        });
  }

  public VdiHeader withType(ImageType type) {
    return changed(copy -> copy.set(INT, layout.type, type.code()));
  }

  public VdiHeader withUuid(UUID uuid) {
    return changed(copy -> putUuid(copy, layout.uuid, notNone("uuid", uuid)));
  }

  public VdiHeader withModifyUuid(UUID uuid) {
    return changed(copy -> putUuid(copy, layout.modifyUuid, notNone("modify uuid", uuid)));
  }

  /**
   * Both may be {@link #NO_UUID}. Version 0.2 has no field for the parent's modify uuid, which is
   * then dropped.
   */
  public VdiHeader withParent(UUID parent, UUID parentModify) {
    return changed(
        copy -> {
          putUuid(copy, layout.parentUuid, parent);
          if (layout == HeaderLayout.V1) putUuid(copy, PARENT_MODIFY_UUID_AT, parentModify);
        });
  }

  /** At most {@value #MAX_COMMENT_BYTES} bytes of UTF-8, without NUL. */
  public VdiHeader withComment(String comment) {
    byte[] utf8 = comment.getBytes(StandardCharsets.UTF_8);
    if (utf8.length > MAX_COMMENT_BYTES || comment.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "a comment has at most %d bytes of UTF-8 and no NUL; this one has %d bytes"
              .formatted(MAX_COMMENT_BYTES, utf8.length));
    }
    return changed(
        copy -> {
          copy.asSlice(layout.comment, COMMENT_FIELD).fill((byte) 0);
          MemorySegment.copy(utf8, 0, copy, JAVA_BYTE, layout.comment, utf8.length);
        });
  }

  @Override
  public String toString() {
    return "%s VDI %s, %d bytes in blocks of %d, uuid %s"
        .formatted(type(), versionText(version()), capacity(), blockSize(), uuid());
  }

  /** The value in the file; the guest sees {@link #capacity}. */
  long storedCapacity() {
    return bytes.get(LONG, layout.capacity);
  }

  /** The flags in the file. */
  int flags() {
    return bytes.get(INT, layout.flags);
  }

  private interface Change {
    void apply(MemorySegment copy);
  }

  private VdiHeader changed(Change change) {
    MemorySegment copy = Arena.ofAuto().allocate(bytes.byteSize()).copyFrom(bytes);
    change.apply(copy);
    return new VdiHeader(layout, copy);
  }

  private static UUID notNone(String field, UUID uuid) {
    if (uuid.equals(NO_UUID)) throw new IllegalArgumentException(field + " must not be zero");
    return uuid;
  }
}
