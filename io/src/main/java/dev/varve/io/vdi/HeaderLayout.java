package dev.varve.io.vdi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * Where the fields of a header lie, in version 1.x and in 0.2. Immutable.
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
 * <p>All numbers are little-endian; of a uuid, the first three fields are.
 */
enum HeaderLayout {
  V0_2(72, 76, 80, 352, 360, 364, 368, 372, 388, 404, 420),
  V1(76, 80, 84, 368, 376, 384, 388, 392, 408, 424, 456);

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  static final int SIGNATURE = 0xBEDA107F;
  static final int VERSION_0_2 = 0x0000_0002;
  static final int VERSION_1_1 = 0x0001_0001;

  // The fields with which both layouts begin.
  static final int SIGNATURE_AT = 64;
  static final int VERSION_AT = 68;
  static final int PRE_HEADER = 72;

  // The fields that only 1.x has.
  static final int HEADER_SIZE_AT = 72;
  static final int MAP_OFFSET_AT = 340;
  static final int DATA_OFFSET_AT = 344;
  static final int LEGACY_SECTOR_SIZE_AT = 360;
  static final int BLOCK_EXTRA_AT = 380;
  static final int PARENT_MODIFY_UUID_AT = 440;
  static final int SECTOR_SIZE_AT = 468;

  /** The header size of 1.x without the second geometry. */
  static final int PLAIN_SIZE = 384;

  /** The header size of 1.x with it. */
  static final int EXTENDED_SIZE = 400;

  /** How many bytes the longest header takes. */
  static final int LONGEST = PRE_HEADER + EXTENDED_SIZE;

  /** The length of the comment in bytes, its NUL included. */
  static final int COMMENT_FIELD = 256;

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

  /** The end of the fields that every header of this layout has. */
  final int length;

  HeaderLayout(
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

  static UUID uuid(MemorySegment header, int at) {
    long high =
        Integer.toUnsignedLong(header.get(INT, at)) << 32
            | Short.toUnsignedLong(header.get(SHORT, at + 4)) << 16
            | Short.toUnsignedLong(header.get(SHORT, at + 6));
    return new UUID(high, header.get(BIG_ENDIAN_LONG, at + 8));
  }

  static void putUuid(MemorySegment header, int at, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    header.set(INT, at, (int) (high >>> 32));
    header.set(SHORT, at + 4, (short) (high >>> 16));
    header.set(SHORT, at + 6, (short) high);
    header.set(BIG_ENDIAN_LONG, at + 8, uuid.getLeastSignificantBits());
  }

  /** A version in its usual form: {@code 0x00010001} is 1.1. */
  static String versionText(int version) {
    return (version >>> 16) + "." + (version & 0xFFFF);
  }

  static String hex(int value) {
    return "0x%08X".formatted(value);
  }
}
