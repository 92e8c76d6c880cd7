package dev.varve.io.vdi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@LeftImages.MayBeDamaged
class VdiImageTest {

  @TempDir Path folder;

  @Test
  void placeGivenOutSinceTheImageWasOpenedIsInTheFile() throws IOException {
    try (VdiImage image = openReadWrite(new HandmadeImage())) {
      int place = image.allocator().allocate();
      image.map().set(2, place);

      assertTrue(image.isInFile(2, place));
    }
  }

  @Test
  void entryBehindTheEndOfTheFileIsNotInIt() throws IOException {
    Path path = write(new HandmadeImage().map(0, 1));
    try (VdiImage image = VdiImage.openReadOnly(MappedFile.openReadOnly(path, 0))) {
      assertTrue(image.isInFile(1, 1));
      assertFalse(image.isInFile(1, 2));
      assertFalse(image.isInFile(1, 0x8000_0000));
    }
  }

  @Test
  void freePlacesAreThoseThatNoEntryNames() throws IOException {
    HandmadeImage image = new HandmadeImage().map(BlockEntry.FREE, 2, BlockEntry.ZERO, 0);
    image.allocated = 3;
    try (VdiImage open = openReadWrite(image)) {
      assertEquals(1, open.allocator().unusedCount());
      assertEquals(1, open.allocator().allocate());
      assertTrue(open.allocator().takeStale(1), "what a crash left there goes before it is used");
      assertEquals(3, open.allocator().allocate());
      assertEquals(-1, open.allocator().allocate());
      assertTrue(open.notes().getLast().contains("1 places"), open.notes()::toString);
    }
  }

  @Test
  void countThatIsTooLowIsPutRight() throws IOException {
    HandmadeImage image = new HandmadeImage().map(0, 1, 2, BlockEntry.FREE);
    image.allocated = 1;
    try (VdiImage open = openReadWrite(image)) {
      assertEquals(3, open.allocator().count());
      assertEquals(3, open.allocator().allocate());
      assertTrue(
          open.notes().getLast().contains("counts 1 allocated blocks"), open.notes()::toString);
    }
  }

  @Test
  void twoBlocksAtOnePlaceAreRefused() throws IOException {
    assertRefused(new HandmadeImage().map(1, 0, 1, BlockEntry.FREE), "block 2", "another block");
  }

  @Test
  void entryBeyondTheLastPlaceIsRefused() throws IOException {
    assertRefused(
        new HandmadeImage().map(0, 4, BlockEntry.FREE, BlockEntry.FREE), "block 1", "0 to 3");
    assertRefused(
        new HandmadeImage().map(0, 0xFFFF_FFFD, BlockEntry.FREE, BlockEntry.FREE),
        "4294967293",
        "0 to 3");
  }

  @Test
  void entryBehindTheEndOfTheFileIsRefusedForWriting() throws IOException {
    HandmadeImage image = new HandmadeImage().map(0, 1);
    image.fileBlocks = new byte[] {1};
    assertRefused(image, "block 1", "ends before");
  }

  /** A file may end behind what the guest sees of the last block. */
  @Test
  void shortLastBlockNeedNotBeInTheFileWhole() throws IOException {
    HandmadeImage image = new HandmadeImage().map(0, 1);
    image.capacity = 4096 + 512;
    byte[] bytes = image.bytes();
    Path path = folder.resolve("short.vdi");
    Files.write(path, Arrays.copyOf(bytes, bytes.length - 4096 + 512));

    VdiImage.openReadWrite(MappedFile.openReadWrite(path, 1 << 20)).close();
  }

  private void assertRefused(HandmadeImage image, String... words) throws IOException {
    Path path = write(image);
    byte[] before = Files.readAllBytes(path);

    var refused =
        assertThrows(
            ImageFormatException.class,
            () -> VdiImage.openReadWrite(MappedFile.openReadWrite(path, 1 << 20)));

    for (String word : words) assertTrue(refused.getMessage().contains(word), refused.getMessage());
    assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(path)));
    MappedFile.openReadWrite(path, 0).close(); // and the lock is released
  }

  private VdiImage openReadWrite(HandmadeImage image) throws IOException {
    return VdiImage.openReadWrite(MappedFile.openReadWrite(write(image), 1 << 20));
  }

  private Path write(HandmadeImage image) throws IOException {
    return image.write(Files.createTempFile(folder, "image", ".vdi"));
  }
}
