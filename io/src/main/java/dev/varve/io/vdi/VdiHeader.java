package dev.varve.io.vdi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.varve.io.file.ImageFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The header of a VDI image: the bytes as they were read, and the fields in them.
 *
 * <p>A header that exists obeys the rules by which VirtualBox opens an image, with two exceptions:
 * blocks may be from 4 KiB to 256 MiB, and {@link #notes} says what another tool would refuse.
 * Changing a field makes a new header that differs in the bytes of that field only, so that what
 * other tools keep in the file survives.
 *
 * <pre>
 *  offset  bytes  1.x                              0.2 (offset)
 *       0     64  text                                 0
 *      64      4  signature                           64
 *      68      4  version, major in the upper half    68
 *      72      4  header size, counted from here       -
 *      76      4  type                                72
 *      80      4  flags                               76
 *      84    256  comment, UTF-8, ends with NUL       80
 *     340      4  map offset                           -  (420)
 *     344      4  data offset                          -  (right behind the map)
 *     348     16  legacy geometry                    336
 *     364      4  unused                               -
 *     368      8  capacity                           352
 *     376      4  block size                         360
 *     380      4  block extra                          -  (0)
 *     384      4  block count                        364
 *     388      4  allocated blocks                   368
 *     392     16  uuid                               372
 *     408     16  modify uuid                        388
 *     424     16  parent uuid                        404
 *     440     16  parent's modify uuid                 -
 *     456     16  geometry, from header size 400       -
 * </pre>
 *
 * All numbers are little-endian; of a uuid, the first three fields are.
 */
public final class VdiHeader {

  /**
   * The smallest and the largest block that is read; VirtualBox 7.2 opens 128 KiB to 128 MiB, QEMU
   * only 1 MiB.
   */
  public static final int MIN_BLOCK_SIZE = 4 << 10;

  public static final int MAX_BLOCK_SIZE = 256 << 20;

  /** The longest comment, in bytes of UTF-8. */
  public static final int MAX_COMMENT_BYTES = 255;

  /** The uuid that stands for none. */
  public static final UUID NO_UUID = new UUID(0, 0);

  /** A capacity is counted in sectors of 512 bytes. */
  static final int SECTOR = 512;

  private static final int SIGNATURE = 0xBEDA107F;
  private static final int VERSION_0_2 = 0x0000_0002;
  private static final int VERSION_1_1 = 0x0001_0001;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int SIGNATURE_AT = 64;
  private static final int VERSION_AT = 68;
  private static final int PRE_HEADER = 72;

  /** Where the fields lie that both layouts have. */
  private enum Layout {
    V0_2(72, 76, 80, 352, 360, 364, 368, 372, 388, 404, 420),
    V1(76, 80, 84, 368, 376, 384, 388, 392, 408, 424, 456);

    final int type;
    final int flags;
    final int comment;
    final int capacity;
    final int blockSize;
    final int blockCount;
    final int allocated;
    final int uuid;
    final int modifyUuid;
    final int parentUuid;
    final int length;

    Layout(
        int type,
        int flags,
        int comment,
        int capacity,
        int blockSize,
        int blockCount,
        int allocated,
        int uuid,
        int modifyUuid,
        int parentUuid,
        int length) {
      this.type = type;
      this.flags = flags;
      this.comment = comment;
      this.capacity = capacity;
      this.blockSize = blockSize;
      this.blockCount = blockCount;
      this.allocated = allocated;
      this.uuid = uuid;
      this.modifyUuid = modifyUuid;
      this.parentUuid = parentUuid;
      this.length = length;
    }
  }

  private static final int HEADER_SIZE_AT = 72;
  private static final int MAP_OFFSET_AT = 340;
  private static final int DATA_OFFSET_AT = 344;
  private static final int LEGACY_SECTOR_SIZE_AT = 360;
  private static final int BLOCK_EXTRA_AT = 380;
  private static final int PARENT_MODIFY_UUID_AT = 440;
  private static final int SECTOR_SIZE_AT = 468;

  /**
   * The header sizes of 1.x without and with the second geometry, and the bytes that the longest
   * header takes.
   */
  private static final int PLAIN_SIZE = 384;

  private static final int EXTENDED_SIZE = 400;
  private static final int LONGEST = PRE_HEADER + EXTENDED_SIZE;

  private static final int COMMENT_FIELD = 256;

  /** VirtualBox shifts the field by 8 and refuses what is then outside this mask; so do we. */
  private static final int FLAGS_SHIFT = 8;

  private static final int FLAGS_MASK = 0x30100;

  /** The only flag with a meaning: new blocks are filled with zeroes. */
  private static final int FLAG_ZERO_EXPAND = 1;

  private static final int MAX_BLOCKS = 1 << 30;
  private static final int MAX_EXTRA = 1 << 30;

  private static final String DAMAGED =
      "the file is damaged or not a VDI image: restore it from a backup";

  private final Layout layout;

  /** Read-only native memory, as long as what this header occupies in the file. */
  private final MemorySegment bytes;

  private VdiHeader(Layout layout, MemorySegment bytes) {
    this.layout = layout;
    this.bytes = bytes.asReadOnly();
  }

  /**
   * Reads the header of {@code file}. May block.
   *
   * @throws VdiFormatException if the image must be refused
   */
  public static VdiHeader read(ImageFile file) throws IOException {
    long fileLength = file.length();
    MemorySegment head = Arena.ofAuto().allocate(Math.clamp(fileLength, 1, LONGEST));
    if (fileLength > 0) file.read(0, head);
    return parse(head, fileLength, file.name());
  }

  /**
   * Reads the header of a file without opening it as an image: takes no lock, so that somebody else
   * may be writing to it. May block.
   *
   * @throws VdiFormatException if the image must be refused
   */
  public static VdiHeader peek(Path path) throws IOException {
    try (var file = openRegular(path)) {
      return parse(firstBytes(file), file.size(), path.toString());
    }
  }

  /** Whether a file says that it is a VDI image, good or damaged. May block. */
  public static boolean hasSignature(Path path) throws IOException {
    try (var file = openRegular(path)) {
      MemorySegment head = firstBytes(file);
      return head.byteSize() >= PRE_HEADER && head.get(INT, SIGNATURE_AT) == SIGNATURE;
    }
  }

  /** Opening anything else, a pipe say, could wait for ever. */
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
   * @throws VdiFormatException if the image must be refused
   */
  public static VdiHeader parse(MemorySegment head, long fileLength, String name)
      throws VdiFormatException {
    return new Parser(head, fileLength, name).parse();
  }

  /** What a raw file would say of itself: fixed, all of it blocks from its first byte on. */
  public static VdiHeader ofRaw(long capacity, int blockSize, UUID uuid) {
    int blocks = Math.toIntExact(Math.ceilDiv(capacity, blockSize));
    return empty(ImageType.FIXED, capacity, blockSize, blocks, 0, 0)
        .withAllocatedBlocks(blocks)
        .withUuid(uuid);
  }

  /** A header of 1.1 as VirtualBox writes it, still without uuids. */
  static VdiHeader empty(
      ImageType type, long capacity, int blockSize, int blocks, long mapOffset, long dataOffset) {
    MemorySegment bytes = Arena.ofAuto().allocate(LONGEST);
    bytes.setString(0, "<<< Varve Virtual Disk Image >>>\n", StandardCharsets.US_ASCII);
    bytes.set(INT, SIGNATURE_AT, SIGNATURE);
    bytes.set(INT, VERSION_AT, VERSION_1_1);
    bytes.set(INT, HEADER_SIZE_AT, EXTENDED_SIZE);
    bytes.set(INT, Layout.V1.type, type.code());
    bytes.set(INT, MAP_OFFSET_AT, Math.toIntExact(mapOffset));
    bytes.set(INT, DATA_OFFSET_AT, (int) dataOffset); // unsigned
    bytes.set(INT, LEGACY_SECTOR_SIZE_AT, SECTOR); // QEMU insists on it
    bytes.set(LONG, Layout.V1.capacity, capacity);
    bytes.set(INT, Layout.V1.blockSize, blockSize);
    bytes.set(INT, Layout.V1.blockCount, blocks);
    bytes.set(INT, SECTOR_SIZE_AT, SECTOR);
    return new VdiHeader(Layout.V1, bytes);
  }

  /** The rules, in the order in which a broken file is told about them. */
  private record Parser(MemorySegment head, long fileLength, String name) {

    VdiHeader parse() throws VdiFormatException {
      longEnough(PRE_HEADER);
      int signature = head.get(INT, SIGNATURE_AT);
      if (signature != SIGNATURE) {
        throw new VdiFormatException(
            name,
            "signature",
            hex(signature),
            "a VDI image has " + hex(SIGNATURE) + " at byte " + SIGNATURE_AT,
            "the file is no VDI image: name another one, or convert it with 'varve image convert'");
      }
      int version = head.get(INT, VERSION_AT);
      if (version != VERSION_0_2 && version >>> 16 != 1) {
        throw new VdiFormatException(
            name,
            "version",
            versionText(version),
            "only 0.2 and 1.x can be read",
            "convert the image with the tool that wrote it");
      }
      Layout layout = version == VERSION_0_2 ? Layout.V0_2 : Layout.V1;
      longEnough(layout.length);
      VdiHeader header = new VdiHeader(layout, copy(layout.length));
      if (layout == Layout.V1) header = checkedOffsets(header);
      checkSizes(header);
      checkMap(header);
      checkIdentity(header);
      return header;
    }

    /** What only 1.x stores: the size of the header and where map and data begin. */
    private VdiHeader checkedOffsets(VdiHeader header) throws VdiFormatException {
      long size = header.headerSize();
      require(size >= PLAIN_SIZE, "header size", size, "it must be at least " + PLAIN_SIZE);
      long end = PRE_HEADER + PLAIN_SIZE;
      if (size >= EXTENDED_SIZE && header.version() == VERSION_1_1) {
        longEnough(LONGEST);
        int sectorSize = head.get(INT, SECTOR_SIZE_AT);
        require(
            sectorSize == SECTOR || sectorSize == 0,
            "sector size of the geometry",
            Integer.toUnsignedString(sectorSize),
            "it must be " + SECTOR + ", or 0 where no geometry was stored");
        end = LONGEST;
      }
      long mapOffset = header.mapOffset();
      require(mapOffset >= end, "map offset", mapOffset, "the header ends at " + end);
      return new VdiHeader(header.layout, copy(end));
    }

    private void checkSizes(VdiHeader header) throws VdiFormatException {
      int type = header.bytes.get(INT, header.layout.type);
      require(
          ImageType.of(type) != null,
          "image type",
          Integer.toUnsignedString(type),
          "it must be 1 (dynamic), 2 (fixed), 3 (undo) or 4 (differencing)");
      int flags = header.flags();
      require(
          (flags << FLAGS_SHIFT & ~FLAGS_MASK) == 0,
          "image flags",
          hex(flags),
          "bits 1 to 7 and 10 to 23 have no meaning and must be 0");
      int blockSize = header.blockSize();
      require(
          blockSize >= MIN_BLOCK_SIZE
              && blockSize <= MAX_BLOCK_SIZE
              && Integer.bitCount(blockSize) == 1,
          "block size",
          Integer.toUnsignedString(blockSize),
          "it must be a power of two from " + MIN_BLOCK_SIZE + " to " + MAX_BLOCK_SIZE);
      int extra = header.blockExtra();
      require(
          extra == 0 || (extra > 1 && extra <= MAX_EXTRA && Integer.bitCount(extra) == 1),
          "block extra",
          Integer.toUnsignedString(extra),
          "it must be 0 or a power of two from 2 to " + MAX_EXTRA);
    }

    private void checkMap(VdiHeader header) throws VdiFormatException {
      int blocks = header.blockCount();
      require(
          blocks >= 1 && blocks <= MAX_BLOCKS,
          "block count",
          Integer.toUnsignedString(blocks),
          "it must be from 1 to " + MAX_BLOCKS);
      long capacity = header.storedCapacity();
      long mapped = (long) blocks * header.blockSize();
      require(
          capacity >= SECTOR && capacity <= mapped,
          "disk size",
          Long.toUnsignedString(capacity),
          "it must be from " + SECTOR + " to " + mapped + ", block count times block size");
      int allocated = header.allocatedBlocks();
      require(
          allocated >= 0 && allocated <= blocks,
          "number of allocated blocks",
          Integer.toUnsignedString(allocated),
          "the image has " + blocks + " blocks");
      long mapEnd = header.mapOffset() + (long) blocks * Integer.BYTES;
      require(
          header.dataOffset() >= mapEnd,
          "data offset",
          header.dataOffset(),
          "the block map ends at " + mapEnd);
      require(
          mapEnd <= fileLength,
          "file length",
          fileLength,
          "the block map of " + blocks + " entries ends at " + mapEnd);
    }

    private void checkIdentity(VdiHeader header) throws VdiFormatException {
      require(!header.uuid().equals(NO_UUID), "uuid", NO_UUID, "every image has one of its own");
      require(
          !header.modifyUuid().equals(NO_UUID),
          "modify uuid",
          NO_UUID,
          "every image has one, renewed when its contents change");
    }

    private void longEnough(long length) throws VdiFormatException {
      require(
          Math.min(fileLength, head.byteSize()) >= length,
          "file length",
          fileLength,
          "the header ends at " + length);
    }

    private void require(boolean holds, String field, Object value, String rule)
        throws VdiFormatException {
      if (!holds) throw new VdiFormatException(name, field, value, rule, DAMAGED);
    }

    private MemorySegment copy(long length) {
      return Arena.ofAuto().allocate(length).copyFrom(head.asSlice(0, length));
    }
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
    return layout == Layout.V0_2
        ? Layout.V0_2.length - PRE_HEADER
        : Integer.toUnsignedLong(bytes.get(INT, HEADER_SIZE_AT));
  }

  /**
   * What the guest sees: whole sectors of 512 bytes, as VirtualBox shows a disk of another size.
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
    return layout == Layout.V0_2 ? 0 : bytes.get(INT, BLOCK_EXTRA_AT);
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
   * How many bytes of a block the guest sees: the last one may be short, and one behind the end of
   * the disk has none.
   */
  public int visibleLength(int block) {
    return (int) Math.clamp(capacity() - (long) block * blockSize(), 0L, blockSize());
  }

  /** How many file blocks are in use, as the file says: not checked against the block map. */
  public int allocatedBlocks() {
    return bytes.get(INT, layout.allocated);
  }

  public long mapOffset() {
    return layout == Layout.V0_2
        ? Layout.V0_2.length
        : Integer.toUnsignedLong(bytes.get(INT, MAP_OFFSET_AT));
  }

  /** Where file block 0 begins, its extra bytes first. */
  public long dataOffset() {
    return layout == Layout.V0_2
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

  public UUID uuid() {
    return uuidAt(layout.uuid);
  }

  /** Renewed when the contents change. */
  public UUID modifyUuid() {
    return uuidAt(layout.modifyUuid);
  }

  /** The parent's {@link #uuid}, or {@link #NO_UUID}. */
  public UUID parentUuid() {
    return uuidAt(layout.parentUuid);
  }

  /**
   * The parent's {@link #modifyUuid} when this image was made, or {@link #NO_UUID}. It may differ
   * from the parent's in a healthy chain.
   */
  public UUID parentModifyUuid() {
    return layout == Layout.V0_2 ? NO_UUID : uuidAt(PARENT_MODIFY_UUID_AT);
  }

  public String comment() {
    byte[] field = bytes.asSlice(layout.comment, MAX_COMMENT_BYTES).toArray(JAVA_BYTE);
    int end = 0;
    while (end < field.length && field[end] != 0) end++;
    return new String(field, 0, end, StandardCharsets.UTF_8);
  }

  /**
   * What is unusual but no reason to refuse the image, a sentence each: mostly what another tool
   * will make of it. Empty for most images.
   */
  public List<String> notes() {
    var notes = new ArrayList<String>();
    if (layout == Layout.V0_2 || version() != VERSION_1_1) {
      notes.add("version " + versionText(version()) + ": QEMU opens only 1.1");
    }
    if (headerSize() > mapOffset() - PRE_HEADER) {
      notes.add("header size " + headerSize() + " reaches past the map offset " + mapOffset());
    }
    boolean extended = bytes.byteSize() >= LONGEST;
    if (extended && bytes.get(INT, SECTOR_SIZE_AT) == 0) {
      notes.add("no geometry is stored, not even its sector size: VirtualBox refuses the image");
    }
    if (storedCapacity() != capacity()) {
      notes.add(
          "disk size %d is no multiple of %d: shown as %d, as VirtualBox does; QEMU rounds up"
              .formatted(storedCapacity(), SECTOR, capacity()));
    }
    int blockSize = blockSize();
    if (blockSize < 128 << 10 || blockSize > 128 << 20) {
      notes.add("block size " + blockSize + ": VirtualBox 7.2 opens 131072 to 134217728");
    } else if (blockSize != 1 << 20 && type() != ImageType.DIFFERENCING) {
      notes.add("block size " + blockSize + ": QEMU opens only 1048576");
    }
    if (blockExtra() != 0) {
      notes.add("block extra " + blockExtra() + ": QEMU ignores it and shows wrong contents");
    }
    if ((flags() & ~FLAG_ZERO_EXPAND) != 0) notes.add("image flags " + hex(flags()) + " ignored");
    boolean hasParent = !parentUuid().equals(NO_UUID);
    switch (type()) {
      case UNDO -> notes.add("image type 3 (undo): treated as dynamic");
      case FIXED -> {
        if (allocatedBlocks() != blockCount()) {
          notes.add(
              "fixed image with %d of %d blocks allocated: it was trimmed"
                  .formatted(allocatedBlocks(), blockCount()));
        }
      }
      case DIFFERENCING -> {
        if (!hasParent) {
          notes.add("differencing image without a parent uuid: name its chain to open it");
        }
      }
      case DYNAMIC -> {}
    }
    if (hasParent && type() != ImageType.DIFFERENCING) {
      notes.add("parent uuid " + parentUuid() + " in an image that is not differencing: ignored");
    }
    return List.copyOf(notes);
  }

  /**
   * This header as it is to lie at offset 0 of the file: read-only native memory that covers the
   * header's own fields and nothing of a block map right behind it.
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
   * The disk enlarged, as far as the block map has room in front of the data.
   *
   * @param capacity not less than now
   * @return null if the map has no room
   */
  public @Nullable VdiHeader enlarged(long capacity) {
    long blocks = Math.ceilDiv(capacity, blockSize());
    boolean hasRoom =
        blocks <= blockCount()
            || (layout == Layout.V1
                && blocks <= MAX_BLOCKS
                && mapOffset() + blocks * Integer.BYTES <= dataOffset());
    if (!hasRoom) return null;
    return changed(
        copy -> {
          copy.set(LONG, layout.capacity, capacity);
          copy.set(INT, layout.blockCount, (int) Math.max(blocks, blockCount()));
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
   * Both may be {@link #NO_UUID}. Version 0.2 has no place for the parent's modify uuid and forgets
   * it.
   */
  public VdiHeader withParent(UUID parent, UUID parentModify) {
    return changed(
        copy -> {
          putUuid(copy, layout.parentUuid, parent);
          if (layout == Layout.V1) putUuid(copy, PARENT_MODIFY_UUID_AT, parentModify);
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

  /** As the file says; {@link #capacity} is what is shown. */
  long storedCapacity() {
    return bytes.get(LONG, layout.capacity);
  }

  private int flags() {
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

  private UUID uuidAt(int at) {
    long high =
        Integer.toUnsignedLong(bytes.get(INT, at)) << 32
            | Short.toUnsignedLong(bytes.get(SHORT, at + 4)) << 16
            | Short.toUnsignedLong(bytes.get(SHORT, at + 6));
    return new UUID(high, bytes.get(BIG_ENDIAN_LONG, at + 8));
  }

  private static void putUuid(MemorySegment memory, int at, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    memory.set(INT, at, (int) (high >>> 32));
    memory.set(SHORT, at + 4, (short) (high >>> 16));
    memory.set(SHORT, at + 6, (short) high);
    memory.set(BIG_ENDIAN_LONG, at + 8, uuid.getLeastSignificantBits());
  }

  private static String versionText(int version) {
    return (version >>> 16) + "." + (version & 0xFFFF);
  }

  private static String hex(int value) {
    return "0x%08X".formatted(value);
  }
}
