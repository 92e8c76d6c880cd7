package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.Cost;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.HandmadeImage;
import dev.varve.io.vdi.RawImage;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Size costs nothing until it is used, whether it is real or only claimed. */
class LargeDiskTest {

  private static final long TIB = 1L << 40;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @Test
  void diskOf64TiBOpensForWritingWithOnePassOverItsMapAndLittleMemory() throws IOException {
    Path image = emptyImage(64 * TIB, 1 << 20);
    long mapLength = 4 * (64 * TIB >> 20);

    Cost opening =
        Cost.of(
            () -> {
              opens(image, false).close();
              return null;
            });

    assertTrue(opening.read() < mapLength + (1 << 20), opening::toString);
    assertTrue(opening.allocated() < 16 << 20, opening::toString);
  }

  @Test
  void diskOf64TiBKeepsWhatIsWrittenAtBothEnds() throws IOException {
    Path image = emptyImage(64 * TIB, 1 << 20);
    Guest guest = opens(image, false);
    guest.write(64 * TIB - 1, new byte[] {'z'});
    guest.write(5 * TIB + 7, new byte[] {'a'});
    assertArrayEquals(new byte[] {0, 'z'}, guest.read(64 * TIB - 2, 2));
    assertArrayEquals(new byte[] {0, 'a', 0}, guest.read(5 * TIB + 6, 3));
    guest.flush();
    guest.close();

    guest = opens(image, true);

    assertArrayEquals(new byte[] {0, 'z'}, guest.read(64 * TIB - 2, 2));
    guest.close();
  }

  @Test
  void diskOf64TiBIsReadWithoutReadingItsMap() throws IOException {
    Path image = emptyImage(64 * TIB, 8 << 20);

    Cost reading =
        Cost.of(
            () -> {
              Guest guest = opens(image, true);
              assertArrayEquals(new byte[512], guest.read(63 * TIB, 512));
              guest.close();
              return null;
            });

    assertTrue(reading.read() < 1 << 20, reading::toString);
    assertTrue(reading.allocated() < 4 << 20, reading::toString);
  }

  @Test
  void blocksOf256MiBAreWrittenInPartsAndCopiedWithTheirHoles() throws IOException {
    int block = 256 << 20;
    Path base =
        TestImage.of(2L * block)
            .blockSize(block)
            .uuid(new UUID(1, 1))
            .write(folder.resolve("base.vdi"));
    Guest guest = opens(base, false);
    guest.write(block + 100, new byte[] {'b'});
    guest.write(2L * block - 4096, new byte[] {'e'});
    guest.close();
    Path top =
        TestImage.of(2L * block)
            .blockSize(block)
            .parent(new UUID(1, 1))
            .write(folder.resolve("top.vdi"));
    guest = new Guest(DifferencingChain.open(List.of(base, top), false, threads));

    guest.write(block + 200, new byte[] {'t'});
    guest.flush();

    assertArrayEquals(new byte[] {'b', 0}, guest.read(block + 100, 2));
    assertArrayEquals(new byte[] {'t', 0}, guest.read(block + 200, 2));
    assertArrayEquals(new byte[] {0, 'e'}, guest.read(2L * block - 4097, 2));
    guest.discard(block, block);
    assertArrayEquals(new byte[] {0, 0}, guest.read(block + 100, 2));
    guest.close();
    try (MappedFile file = MappedFile.openReadOnly(top, 0)) {
      assertEquals(0, RawImage.of(file).assertDense().count());
    }
  }

  @Test
  void blocksThatAreClaimedAndNotThereCostNothing() throws IOException {
    var image = new HandmadeImage();
    image.blockSize = 1 << 20;
    for (int claimed : new int[] {-1, 1 << 30, 1 << 29}) {
      image.blockCount = claimed;
      image.capacity = Integer.toUnsignedLong(claimed) << 20;
      image.dataOffset = 2 << 20;
      Path path = image.write(folder.resolve("liar.vdi"));
      byte[] before = Files.readAllBytes(path);

      Cost refusal =
          Cost.of(
              () -> {
                assertThrows(ImageFormatException.class, () -> opens(path, false));
                return assertThrows(ImageFormatException.class, () -> opens(path, true));
              });

      assertTrue(refusal.allocated() < 4 << 20, refusal::toString);
      assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(path)));
    }
  }

  /** The map is a hole of the file: zeroes, which say that all blocks are at place 0. */
  @Test
  void mapThatIsAHoleIsRefusedForWritingAndCostsNothingToRead() throws IOException {
    Path image = folder.resolve("hole.vdi");
    long mapLength = 4L << 29;
    writeHeader(image, (1L << 29) << 20, 1 << 20, mapLength);

    Cost cost =
        Cost.of(
            () -> {
              assertThrows(ImageFormatException.class, () -> opens(image, false));
              Guest guest = opens(image, true);
              // place 0 is not in the file
              assertThrows(IOException.class, () -> guest.read(TIB, 512));
              guest.close();
              return null;
            });

    assertTrue(cost.allocated() < 8 << 20, cost::toString);
  }

  private static Guest opens(Path image, boolean readOnly) throws IOException {
    return new Guest(DifferencingChain.open(List.of(image), readOnly, threads));
  }

  private Path emptyImage(long capacity, int blockSize) throws IOException {
    Path image = folder.resolve("large.vdi");
    long mapLength = 4 * (capacity / blockSize);
    writeHeader(image, capacity, blockSize, mapLength);
    ByteBuffer free = ByteBuffer.allocateDirect(1 << 20);
    while (free.hasRemaining()) free.put((byte) -1);
    try (var channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
      for (long at = 0; at < mapLength; at += free.capacity()) {
        channel.write(
            free.clear().limit((int) Math.min(free.capacity(), mapLength - at)), 4096 + at);
      }
    }
    return image;
  }

  /** A file that ends where its map does. */
  private static void writeHeader(Path image, long capacity, int blockSize, long mapLength)
      throws IOException {
    var made = new HandmadeImage();
    made.map = new int[0];
    made.mapOffset = 4096;
    made.blockSize = blockSize;
    made.capacity = capacity;
    made.blockCount = Math.toIntExact(capacity / blockSize);
    byte[] header = Arrays.copyOf(made.bytes(), 4096);
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putInt(344, (int) (4096 + mapLength));
    Files.write(image, header);
    try (var channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[1]), 4096 + mapLength - 1);
    }
  }
}
