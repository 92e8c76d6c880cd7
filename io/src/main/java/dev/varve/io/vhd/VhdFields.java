package dev.varve.io.vhd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** How the fields of footer and header are stored. Stateless; any thread. */
final class VhdFields {

  static final int SECTOR = 512;

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final ValueLayout.OfInt LITTLE_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort LITTLE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final UUID NO_UUID = new UUID(0, 0);

  private VhdFields() {}

  /** Whether the text stands there, in ASCII. */
  static boolean isAt(MemorySegment bytes, int at, String text) {
    byte[] expected = text.getBytes(StandardCharsets.US_ASCII);
    if (bytes.byteSize() < at + expected.length) return false;
    return bytes.asSlice(at, expected.length).mismatch(MemorySegment.ofArray(expected)) < 0;
  }

  static void putText(MemorySegment bytes, int at, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(ascii, 0, bytes, JAVA_BYTE, at, ascii.length);
  }

  /**
   * A uuid in the order in which VirtualBox has it in memory: the first three fields little-endian.
   * Null if all of it is zero.
   */
  static @Nullable UUID uuid(MemorySegment bytes, int at) {
    long high =
        Integer.toUnsignedLong(bytes.get(LITTLE_INT, at)) << 32
            | Short.toUnsignedLong(bytes.get(LITTLE_SHORT, at + 4)) << 16
            | Short.toUnsignedLong(bytes.get(LITTLE_SHORT, at + 6));
    var uuid = new UUID(high, bytes.get(LONG, at + 8));
    return uuid.equals(NO_UUID) ? null : uuid;
  }

  static void putUuid(MemorySegment bytes, int at, UUID uuid) {
    long high = uuid.getMostSignificantBits();
    bytes.set(LITTLE_INT, at, (int) (high >>> 32));
    bytes.set(LITTLE_SHORT, at + 4, (short) (high >>> 16));
    bytes.set(LITTLE_SHORT, at + 6, (short) high);
    bytes.set(LONG, at + 8, uuid.getLeastSignificantBits());
  }

  /** The one's complement of the sum of all bytes but those of the checksum itself. */
  static int checksum(MemorySegment bytes, int checksumAt) {
    int sum = 0;
    for (int i = 0; i < bytes.byteSize(); i++) {
      if (i < checksumAt || i >= checksumAt + Integer.BYTES)
        sum += Byte.toUnsignedInt(bytes.get(JAVA_BYTE, i));
    }
    return ~sum;
  }

  static String hex(int value) {
    return "0x%08X".formatted(value);
  }
}
