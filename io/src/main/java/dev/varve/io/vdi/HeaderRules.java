package dev.varve.io.vdi;

import static dev.varve.io.vdi.HeaderLayout.EXTENDED_SIZE;
import static dev.varve.io.vdi.HeaderLayout.INT;
import static dev.varve.io.vdi.HeaderLayout.LONGEST;
import static dev.varve.io.vdi.HeaderLayout.PLAIN_SIZE;
import static dev.varve.io.vdi.HeaderLayout.PRE_HEADER;
import static dev.varve.io.vdi.HeaderLayout.SECTOR_SIZE_AT;
import static dev.varve.io.vdi.HeaderLayout.SIGNATURE;
import static dev.varve.io.vdi.HeaderLayout.SIGNATURE_AT;
import static dev.varve.io.vdi.HeaderLayout.VERSION_0_2;
import static dev.varve.io.vdi.HeaderLayout.VERSION_1_1;
import static dev.varve.io.vdi.HeaderLayout.VERSION_AT;
import static dev.varve.io.vdi.HeaderLayout.hex;
import static dev.varve.io.vdi.HeaderLayout.versionText;
import static dev.varve.io.vdi.VdiHeader.MAX_BLOCKS;
import static dev.varve.io.vdi.VdiHeader.MAX_BLOCK_SIZE;
import static dev.varve.io.vdi.VdiHeader.MIN_BLOCK_SIZE;
import static dev.varve.io.vdi.VdiHeader.NO_UUID;
import static dev.varve.io.vdi.VdiHeader.SECTOR;

import dev.varve.io.layer.ImageFormatException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The rules for the header of an image, in the order in which they are checked. Immutable.
 *
 * @param head the first bytes of the file: as many as the longest header has, or all of a shorter
 *     file
 * @param fileLength of the whole file
 * @param name of the file, for messages
 */
record HeaderRules(MemorySegment head, long fileLength, String name) {

  private static final int MAX_EXTRA = 1 << 30;

  /** VirtualBox shifts the field by 8 and refuses bits outside this mask; so does Varve. */
  private static final int FLAGS_SHIFT = 8;

  private static final int FLAGS_MASK = 0x30100;

  private static final String MISCOUNTED =
      "VirtualBox refuses the image too, but nothing is lost: 'varve image check --repair'"
          + " corrects the count";

  private static final String DAMAGED =
      "the file is damaged or not a VDI image: restore it from a backup";

  /**
   * The header, if it obeys all rules; its count of allocated blocks is not checked.
   *
   * @throws ImageFormatException for the first rule that it breaks
   */
  VdiHeader checkedButForCount() throws ImageFormatException {
    longEnough(PRE_HEADER);
    int signature = head.get(INT, SIGNATURE_AT);
    if (signature != SIGNATURE) {
      throw new ImageFormatException(
          name,
          "signature",
          hex(signature),
          "a VDI image has " + hex(SIGNATURE) + " at byte " + SIGNATURE_AT,
          DAMAGED);
    }
    int version = head.get(INT, VERSION_AT);
    if (version != VERSION_0_2 && version >>> 16 != 1) {
      throw new ImageFormatException(
          name,
          "version",
          versionText(version),
          "only 0.2 and 1.x can be read",
          "convert the image with the tool that wrote it");
    }
    HeaderLayout layout = version == VERSION_0_2 ? HeaderLayout.V0_2 : HeaderLayout.V1;
    longEnough(layout.length);
    VdiHeader header = new VdiHeader(layout, copy(layout.length));
    if (layout == HeaderLayout.V1) header = checkedOffsets(header);
    checkSizes(header);
    checkMap(header);
    checkIdentity(header);
    return header;
  }

  /** The header, if it obeys all rules and counts no more blocks than the image has. */
  VdiHeader checked() throws ImageFormatException {
    VdiHeader header = checkedButForCount();
    if (!header.isCountPossible())
      throw new ImageFormatException(
          name,
          "number of allocated blocks",
          Integer.toUnsignedString(header.allocatedBlocks()),
          "the image has " + header.blockCount() + " blocks",
          MISCOUNTED);
    return header;
  }

  /** Checks the fields that only 1.x has: the size of the header, and where map and data begin. */
  private VdiHeader checkedOffsets(VdiHeader header) throws ImageFormatException {
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
    return new VdiHeader(header.layout(), copy(end));
  }

  private void checkSizes(VdiHeader header) throws ImageFormatException {
    int type = header.bytes().get(INT, header.layout().type);
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

  private void checkMap(VdiHeader header) throws ImageFormatException {
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

  private void checkIdentity(VdiHeader header) throws ImageFormatException {
    require(!header.uuid().equals(NO_UUID), "uuid", NO_UUID, "every image has one of its own");
    require(
        !header.modifyUuid().equals(NO_UUID),
        "modify uuid",
        NO_UUID,
        "every image has one, renewed when its contents change");
  }

  private void longEnough(long length) throws ImageFormatException {
    require(
        Math.min(fileLength, head.byteSize()) >= length,
        "file length",
        fileLength,
        "the header ends at " + length);
  }

  private void require(boolean holds, String field, Object value, String rule)
      throws ImageFormatException {
    if (!holds) throw new ImageFormatException(name, field, value, rule, DAMAGED);
  }

  private MemorySegment copy(long length) {
    return Arena.ofAuto().allocate(length).copyFrom(head.asSlice(0, length));
  }
}
