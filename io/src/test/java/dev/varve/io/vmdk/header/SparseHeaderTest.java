package dev.varve.io.vmdk.header;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.layer.ImageFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparseHeaderTest {

  private static final long FILE_LENGTH = 128 * 512;

  private static byte[] header() {
    return SparseHeader.plain(16384, 128, 20, 512, 21, 26, 128).bytes();
  }

  private static SparseHeader parse(byte[] bytes) throws ImageFormatException {
    return SparseHeader.parse("a.vmdk", bytes, FILE_LENGTH);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void headerSaysWhatItWasMadeOf() throws Exception {
    SparseHeader read = parse(header());

    assertEquals(1, read.version());
    assertEquals(16384, read.capacitySectors());
    assertEquals(64 << 10, read.grain());
    assertEquals(1, read.descriptorSector());
    assertEquals(20, read.descriptorSectors());
    assertEquals(1, read.directoryEntries());
    assertEquals(4, read.tableSectors());
    assertTrue(read.hasRedundant());
    assertFalse(read.isUnclean());
    assertTrue(read.withUnclean(true).isUnclean());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 4, 1",
    "4, 4, 0",
    "4, 4, 4",
    "8, 4, 11",
    "8, 4, 65539",
    "8, 4, 131075",
    "12, 8, 0",
    "12, 8, -1",
    "12, 8, 549755813888",
    "20, 8, 0",
    "20, 8, 4",
    "20, 8, 96",
    "20, 8, 65536",
    "20, 8, -9223372036854775808",
    "28, 8, 128",
    "28, 8, -1",
    "28, 8, 9223372036854775807",
    "36, 8, 0",
    "36, 8, 20481",
    "36, 8, 128",
    "36, 8, -1",
    "44, 4, 0",
    "44, 4, 64",
    "44, 4, 500",
    "44, 4, 131072",
    "44, 4, -2147483648",
    "48, 8, 0",
    "48, 8, 26",
    "48, 8, 1",
    "48, 8, 128",
    "48, 8, -1",
    "56, 8, 0",
    "56, 8, 5",
    "56, 8, 128",
    "56, 8, -1",
    "56, 8, 4294967296",
    "73, 1, 13",
    "77, 2, 1",
    "77, 2, 7",
  })
  void fieldThatLiesIsRefused(int at, int size, long value) {
    byte[] bytes = header();
    ByteBuffer fields = littleEndian(bytes);
    switch (size) {
      case 1 -> fields.put(at, (byte) value);
      case 2 -> fields.putShort(at, (short) value);
      case 4 -> fields.putInt(at, (int) value);
      default -> fields.putLong(at, value);
    }
    assertThrows(ImageFormatException.class, () -> parse(bytes));
  }

  @Test
  void directoryNoLargerThanTheFile() {
    byte[] bytes = header();
    littleEndian(bytes).putLong(12, 128L * 512 * 20_000);
    assertThrows(ImageFormatException.class, () -> parse(bytes));
  }

  @Test
  void extentHasRoomForItsLine() throws Exception {
    SparseHeader odd =
        SparseHeader.parse(
            "a", SparseHeader.plain(100, 128, 0, 512, 1, 6, 128).bytes(), FILE_LENGTH);

    assertDoesNotThrow(() -> odd.requireRoomFor(128, "a"));
    assertThrows(ImageFormatException.class, () -> odd.requireRoomFor(129, "a"));
  }

  @Test
  void anythingBetweenRightAndWrongIsReadOrRefused() {
    var random = new Random(12);
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = header();
      for (int n = random.nextInt(3); n >= 0; n--)
        bytes[random.nextInt(79)] =
            (byte) (random.nextBoolean() ? random.nextInt(256) : -random.nextInt(2));
      try {
        SparseHeader read = parse(bytes);
        assertTrue(read.hasFooter() || 4L * read.directoryEntries() <= FILE_LENGTH);
        assertTrue(!read.hasDescriptor() || read.descriptorSectors() * 512 <= FILE_LENGTH);
      } catch (ImageFormatException _) {
        // refused
      }
    }
  }
}
