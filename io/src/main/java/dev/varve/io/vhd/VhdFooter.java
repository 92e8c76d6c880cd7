package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.INT;
import static dev.varve.io.vhd.VhdFields.LONG;
import static dev.varve.io.vhd.VhdFields.SECTOR;
import static dev.varve.io.vhd.VhdFields.SHORT;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The footer of a VHD image: the bytes as they were read, and the fields in them. Immutable.
 *
 * <pre>
 *    0  8  "conectix"              48  8  current size: what the guest sees
 *    8  4  features, 2             56  4  cylinders, heads, sectors: never used
 *   12  4  version                 60  4  type: 2 fixed, 3 dynamic, 4 differencing
 *   16  8  offset of the header    64  4  checksum
 *   24  4  time                    68 16  id
 *   28 12  creator                 84  1  saved state
 *   40  8  original size           85     reserved, zero
 * </pre>
 *
 * <p>A footer that exists can break any rule; {@link VhdHead} checks it. Changing a field makes a
 * new footer that differs in that field and the checksum only.
 */
public final class VhdFooter extends SealedBytes {

  static final int SIZE = SECTOR;
  static final String COOKIE = "conectix";

  static final int HEADER_OFFSET_AT = 16;
  static final int ORIGINAL_SIZE_AT = 40;
  static final int SIZE_AT = 48;
  static final int TYPE_AT = 60;
  static final int CHECKSUM_AT = 64;
  static final int ID_AT = 68;
  static final int SAVED_STATE_AT = 84;

  /** In the reserved part of a copy whose footer is being changed: see {@link FooterChange}. */
  private static final String CHANGING = "varve: changing.";

  private static final int CHANGING_AT = SIZE - CHANGING.length();

  /**
   * @param bytes native memory of {@link #SIZE}, which nothing changes any more
   */
  VhdFooter(MemorySegment bytes) {
    super(bytes, CHECKSUM_AT);
  }

  /** Whether the bytes begin as a footer does. */
  static boolean isFooter(MemorySegment bytes) {
    return bytes.byteSize() >= SIZE && VhdFields.isAt(bytes, 0, COOKIE);
  }

  /** A new footer. */
  static VhdFooter of(VhdType type, long capacity, UUID id) {
    MemorySegment bytes = Arena.ofAuto().allocate(SIZE);
    VhdFields.putText(bytes, 0, COOKIE);
    bytes.set(INT, 8, 2);
    bytes.set(INT, 12, 0x00010000);
    bytes.set(LONG, HEADER_OFFSET_AT, type == VhdType.FIXED ? -1 : SIZE);
    // QEMU takes the size from the geometry, which is smaller, unless it knows the creator as one
    // that does not; VirtualBox never looks. So this creator keeps QEMU from losing the disk's end.
    VhdFields.putText(bytes, 28, "win ");
    bytes.set(INT, 32, 0x000A0000);
    VhdFields.putText(bytes, 36, "Wi2k");
    bytes.set(LONG, ORIGINAL_SIZE_AT, capacity);
    bytes.set(INT, TYPE_AT, type.code());
    VhdFields.putUuid(bytes, ID_AT, id);
    putSize(bytes, capacity);
    return sealed(bytes);
  }

  // ---- the fields

  long headerOffset() {
    return bytes().get(LONG, HEADER_OFFSET_AT);
  }

  /** What the guest sees, in bytes. */
  long capacity() {
    return bytes().get(LONG, SIZE_AT);
  }

  int typeCode() {
    return bytes().get(INT, TYPE_AT);
  }

  /** The type; null if the footer has none that exists. */
  @Nullable VhdType type() {
    return VhdType.of(typeCode());
  }

  /** The id of the image; null if it has none. */
  @Nullable UUID id() {
    return VhdFields.uuid(bytes(), ID_AT);
  }

  /** Whether the image holds a suspended machine of Virtual PC. */
  boolean isSavedState() {
    return bytes().get(JAVA_BYTE, SAVED_STATE_AT) != 0;
  }

  // ---- changed

  VhdFooter withCapacity(long capacity) {
    MemorySegment changed = copy();
    putSize(changed, capacity);
    return sealed(changed);
  }

  VhdFooter withType(VhdType type) {
    MemorySegment changed = copy();
    changed.set(INT, TYPE_AT, type.code());
    return sealed(changed);
  }

  VhdFooter withHeaderOffset(long offset) {
    MemorySegment changed = copy();
    changed.set(LONG, HEADER_OFFSET_AT, offset);
    return sealed(changed);
  }

  /** The same with a right checksum. */
  VhdFooter resealed() {
    return sealed(copy());
  }

  /** The same with the mark of a copy whose footer is being changed. */
  VhdFooter changing() {
    MemorySegment changed = copy();
    VhdFields.putText(changed, CHANGING_AT, CHANGING);
    return sealed(changed);
  }

  /** Whether it has that mark, which only Varve sets. */
  boolean isChanging() {
    return hasRightChecksum() && VhdFields.isAt(bytes(), CHANGING_AT, CHANGING);
  }

  /** The same without the mark. */
  VhdFooter changed() {
    MemorySegment changed = copy();
    changed.asSlice(CHANGING_AT).fill((byte) 0);
    return sealed(changed);
  }

  private static VhdFooter sealed(MemorySegment bytes) {
    return new VhdFooter(seal(bytes, CHECKSUM_AT));
  }

  /** Sets the current size, and the geometry that the specification computes from it. */
  private static void putSize(MemorySegment bytes, long capacity) {
    bytes.set(LONG, SIZE_AT, capacity);
    long sectors = Math.min(capacity / SECTOR, 65535L * 16 * 255);
    long perTrack;
    long heads;
    if (sectors >= 65535L * 16 * 63) {
      perTrack = 255;
      heads = 16;
    } else {
      perTrack = 17;
      heads = Math.max(4, Math.ceilDiv(sectors / perTrack, 1024));
      if (sectors / perTrack >= heads * 1024 || heads > 16) {
        perTrack = 31;
        heads = 16;
      }
      if (sectors / perTrack >= heads * 1024) {
        perTrack = 63;
        heads = 16;
      }
    }
    bytes.set(SHORT, 56, (short) (sectors / perTrack / heads));
    bytes.set(JAVA_BYTE, 58, (byte) heads);
    bytes.set(JAVA_BYTE, 59, (byte) perTrack);
  }
}
