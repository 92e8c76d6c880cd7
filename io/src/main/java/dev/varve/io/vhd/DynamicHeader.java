package dev.varve.io.vhd;

import static dev.varve.io.vhd.VhdFields.INT;
import static dev.varve.io.vhd.VhdFields.LONG;
import static dev.varve.io.vhd.VhdFields.SECTOR;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The header of a dynamic or differencing image: the bytes as they were read, and the fields in
 * them. Immutable. It can break any rule; {@link VhdHead} checks it.
 *
 * <pre>
 *    0  8  "cxsparse"              40  16  id of the parent
 *    8  8  all ones                56   4  time of the parent, never compared
 *   16  8  offset of the table     64 512  name of the parent, UTF-16BE
 *   24  4  version                576      8 locators of 24 bytes: paths of the parent
 *   28  4  entries of the table            { code, space, length, reserved, 8: offset }
 *   32  4  block size
 *   36  4  checksum
 * </pre>
 */
final class DynamicHeader extends SealedBytes {

  static final int SIZE = 1024;
  static final String COOKIE = "cxsparse";

  static final int TABLE_OFFSET_AT = 16;
  static final int ENTRIES_AT = 28;
  static final int BLOCK_SIZE_AT = 32;
  static final int CHECKSUM_AT = 36;
  static final int PARENT_AT = 40;
  private static final int PARENT_NAME_AT = 64;
  private static final int PARENT_NAME_LENGTH = 512;
  private static final int LOCATORS_AT = 576;
  private static final int LOCATOR_SIZE = 24;
  private static final int LOCATORS = 8;

  /** No path is longer than that. */
  private static final long MAX_LOCATOR = 64 << 10;

  /**
   * @param bytes native memory of {@link #SIZE}, which nothing changes any more
   */
  DynamicHeader(MemorySegment bytes) {
    super(bytes, CHECKSUM_AT);
  }

  /** The header of a new image, without parent. */
  static DynamicHeader of(long tableOffset, int entries, int blockSize) {
    MemorySegment bytes = Arena.ofAuto().allocate(SIZE);
    VhdFields.putText(bytes, 0, COOKIE);
    bytes.set(LONG, 8, -1);
    bytes.set(LONG, TABLE_OFFSET_AT, tableOffset);
    bytes.set(INT, 24, 0x00010000);
    bytes.set(INT, ENTRIES_AT, entries);
    bytes.set(INT, BLOCK_SIZE_AT, blockSize);
    return sealed(bytes);
  }

  /** The part that changes when the image gets another parent or table; one sector of the file. */
  MemorySegment firstSector() {
    return bytes().asSlice(0, SECTOR);
  }

  // ---- the fields

  boolean hasCookie() {
    return VhdFields.isAt(bytes(), 0, COOKIE);
  }

  long tableOffset() {
    return bytes().get(LONG, TABLE_OFFSET_AT);
  }

  /** Unsigned. */
  int entries() {
    return bytes().get(INT, ENTRIES_AT);
  }

  /** Unsigned. */
  int blockSize() {
    return bytes().get(INT, BLOCK_SIZE_AT);
  }

  @Nullable UUID parent() {
    return VhdFields.uuid(bytes(), PARENT_AT);
  }

  /**
   * A part of the file in which a locator has its path.
   *
   * @param index of the locator
   */
  record Space(int index, long offset, long length) {}

  /**
   * Where the paths of the parent lie in the file, as far as the locators tell. Tools count the
   * space of a locator in bytes or in sectors.
   *
   * @param limit a locator that points behind it is left out
   */
  List<Space> locators(long limit) {
    List<Space> found = new ArrayList<>();
    for (int i = 0; i < LOCATORS; i++) {
      int at = LOCATORS_AT + i * LOCATOR_SIZE;
      long space = Integer.toUnsignedLong(bytes().get(INT, at + 4));
      long length = Integer.toUnsignedLong(bytes().get(INT, at + 8));
      long offset = bytes().get(LONG, at + 16);
      if (bytes().get(INT, at) == 0 || offset < SECTOR || offset > limit) continue;
      long taken = Math.max(space < SECTOR ? space * SECTOR : space, length);
      if (taken > 0 && taken <= Math.min(MAX_LOCATOR, limit - offset))
        found.add(new Space(i, offset, taken));
    }
    return found;
  }

  // ---- changed

  DynamicHeader withParent(@Nullable UUID parent) {
    MemorySegment changed = copy();
    VhdFields.putUuid(changed, PARENT_AT, parent == null ? VhdFields.NO_UUID : parent);
    return sealed(changed);
  }

  /** The same with the file name of the parent, of which only the end fits if it is very long. */
  DynamicHeader withParentName(String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_16BE);
    int length = Math.min(text.length, PARENT_NAME_LENGTH - 2); // a NUL ends it
    MemorySegment changed = copy();
    MemorySegment field = changed.asSlice(PARENT_NAME_AT, PARENT_NAME_LENGTH);
    field.fill((byte) 0);
    field.copyFrom(MemorySegment.ofArray(text).asSlice(text.length - length));
    return sealed(changed);
  }

  DynamicHeader withLocator(int index, Locator locator, long offset) {
    MemorySegment changed = copy();
    int at = LOCATORS_AT + index * LOCATOR_SIZE;
    VhdFields.putText(changed, at, locator.code());
    changed.set(INT, at + 4, Locator.SPACE);
    changed.set(INT, at + 8, locator.length());
    changed.set(LONG, at + 16, offset);
    return sealed(changed);
  }

  /** The same with the path of a locator at another place. */
  DynamicHeader withLocatorAt(int index, long offset) {
    MemorySegment changed = copy();
    changed.set(LONG, LOCATORS_AT + index * LOCATOR_SIZE + 16, offset);
    return sealed(changed);
  }

  DynamicHeader withTable(long tableOffset, int entries) {
    MemorySegment changed = copy();
    changed.set(LONG, TABLE_OFFSET_AT, tableOffset);
    changed.set(INT, ENTRIES_AT, entries);
    return sealed(changed);
  }

  /** The same with a right checksum. */
  DynamicHeader resealed() {
    return sealed(copy());
  }

  private static DynamicHeader sealed(MemorySegment bytes) {
    return new DynamicHeader(seal(bytes, CHECKSUM_AT));
  }
}
