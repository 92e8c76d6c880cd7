package dev.varve.io.vdi;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElse;

import dev.varve.io.layer.LayerFacts;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The description of an image to create. The constructor throws {@link IllegalArgumentException}
 * for an image that VirtualBox could not open; its message is for the user. Immutable.
 *
 * @param type dynamic, fixed or differencing
 * @param capacity in bytes, a multiple of 512
 * @param blockSize a power of two from 128 KiB to 8 MiB; QEMU opens only 1 MiB
 * @param comment at most 255 bytes of UTF-8, without NUL
 * @param uuid the image's own, not zero
 * @param modifyUuid identifies the contents, not zero
 * @param parentUuid {@link VdiHeader#NO_UUID} unless differencing
 * @param parentModifyUuid the same
 */
public record NewImage(
    ImageType type,
    long capacity,
    int blockSize,
    String comment,
    UUID uuid,
    UUID modifyUuid,
    UUID parentUuid,
    UUID parentModifyUuid) {

  public static final int DEFAULT_BLOCK_SIZE = 1 << 20;
  public static final int MIN_BLOCK_SIZE = 128 << 10;
  public static final int MAX_BLOCK_SIZE = 8 << 20;

  /** Map and data begin at multiples of this, as in images of VirtualBox. */
  private static final long ALIGNMENT = 1 << 20;

  private static final long MAP_OFFSET = ALIGNMENT;

  /** The header has 32 bits for the data offset, which limits the map in front of the data. */
  private static final long MAX_BLOCKS = ((1L << 32) - ALIGNMENT - MAP_OFFSET) / Integer.BYTES;

  public NewImage {
    if (type == ImageType.UNDO) {
      throw new IllegalArgumentException("an undo image cannot be created");
    }
    if (!isBlockSizeForNew(blockSize)) {
      throw new IllegalArgumentException(
          "block size %d: a new image has blocks of a power of two from %d to %d bytes"
              .formatted(blockSize, MIN_BLOCK_SIZE, MAX_BLOCK_SIZE));
    }
    if (capacity <= 0 || capacity % VdiHeader.SECTOR != 0) {
      throw new IllegalArgumentException(
          "capacity %d: a disk has one or more sectors of %d bytes"
              .formatted(capacity, VdiHeader.SECTOR));
    }
    if (Math.ceilDiv(capacity, blockSize) > MAX_BLOCKS) {
      throw new IllegalArgumentException(
          "capacity %d: with blocks of %d bytes a disk has at most %d; choose larger blocks"
              .formatted(capacity, blockSize, MAX_BLOCKS * blockSize));
    }
    if (comment.getBytes(StandardCharsets.UTF_8).length > VdiHeader.MAX_COMMENT_BYTES
        || comment.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "the comment is longer than %d bytes of UTF-8 or has a NUL"
              .formatted(VdiHeader.MAX_COMMENT_BYTES));
    }
    if (uuid.equals(VdiHeader.NO_UUID) || modifyUuid.equals(VdiHeader.NO_UUID)) {
      throw new IllegalArgumentException("an image needs a uuid that is not zero");
    }
    if (type == ImageType.DIFFERENCING == parentUuid.equals(VdiHeader.NO_UUID)) {
      throw new IllegalArgumentException(
          "a differencing image has a parent uuid, and no other image has");
    }
  }

  private static boolean isBlockSizeForNew(int blockSize) {
    return blockSize >= MIN_BLOCK_SIZE
        && blockSize <= MAX_BLOCK_SIZE
        && Integer.bitCount(blockSize) == 1;
  }

  /** A base whose file grows as it is written. */
  public static NewImage dynamic(long capacity, Supplier<UUID> uuids) {
    return base(ImageType.DYNAMIC, capacity, uuids);
  }

  /** A base that has all its space from the start. */
  public static NewImage fixed(long capacity, Supplier<UUID> uuids) {
    return base(ImageType.FIXED, capacity, uuids);
  }

  /**
   * A differencing image on top of {@code parent}, with the same capacity. On top of another
   * differencing image it also has the same block size, if new images can have that size:
   * VirtualBox loses data when it merges differencing images with different block sizes.
   */
  public static NewImage childOf(LayerFacts parent, Supplier<UUID> uuids) {
    boolean sameBlocks = parent.isDifferencing() && isBlockSizeForNew(parent.blockSize());
    return new NewImage(
        ImageType.DIFFERENCING,
        parent.capacity(),
        sameBlocks ? parent.blockSize() : DEFAULT_BLOCK_SIZE,
        "",
        uuids.get(),
        uuids.get(),
        requireNonNull(parent.id(), "a parent has an id"),
        requireNonNullElse(parent.modifyId(), VdiHeader.NO_UUID));
  }

  /** The same on a VDI image. */
  public static NewImage childOf(VdiHeader parent, Supplier<UUID> uuids) {
    return childOf(parent.facts(), uuids);
  }

  private static NewImage base(ImageType type, long capacity, Supplier<UUID> uuids) {
    return new NewImage(
        type,
        capacity,
        DEFAULT_BLOCK_SIZE,
        "",
        uuids.get(),
        uuids.get(),
        VdiHeader.NO_UUID,
        VdiHeader.NO_UUID);
  }

  public NewImage withCapacity(long capacity) {
    return new NewImage(
        type, capacity, blockSize, comment, uuid, modifyUuid, parentUuid, parentModifyUuid);
  }

  public NewImage withBlockSize(int blockSize) {
    return new NewImage(
        type, capacity, blockSize, comment, uuid, modifyUuid, parentUuid, parentModifyUuid);
  }

  public NewImage withComment(String comment) {
    return new NewImage(
        type, capacity, blockSize, comment, uuid, modifyUuid, parentUuid, parentModifyUuid);
  }

  public NewImage withUuid(UUID uuid) {
    return new NewImage(
        type, capacity, blockSize, comment, uuid, modifyUuid, parentUuid, parentModifyUuid);
  }

  /**
   * The first header of the image. A fixed image has all blocks allocated, any other image none.
   */
  public VdiHeader header() {
    int blocks = (int) Math.ceilDiv(capacity, blockSize);
    long dataOffset =
        Math.ceilDiv(MAP_OFFSET + (long) blocks * Integer.BYTES, ALIGNMENT) * ALIGNMENT;
    return VdiHeader.empty(type, capacity, blockSize, blocks, MAP_OFFSET, dataOffset)
        .withAllocatedBlocks(type == ImageType.FIXED ? blocks : 0)
        .withComment(comment)
        .withUuid(uuid)
        .withModifyUuid(modifyUuid)
        .withParent(parentUuid, parentModifyUuid);
  }
}
