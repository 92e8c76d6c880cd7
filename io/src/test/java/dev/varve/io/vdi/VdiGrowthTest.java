package dev.varve.io.vdi;

import static dev.varve.io.vdi.BlockEntry.FREE;
import static dev.varve.io.vdi.BlockEntry.ZERO;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.layer.ImageFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The disk in an image becomes larger, and the power may go meanwhile: VirtualBox reads the old or
 * the new disk, in an image that it can go on with.
 */
class VdiGrowthTest {

  private static final String NAME = "a.vdi";
  private static final int BLOCK = 4096;

  @Test
  void diskGrowsWhereItsMapHasRoom() throws IOException {
    assertGrows(image(1, FREE, ZERO, 0), 100 * BLOCK);
  }

  @Test
  void partOfTheLastBlockThatBecomesVisibleIsZero() throws IOException {
    HandmadeImage image = image(1, FREE, 0);
    image.capacity -= 1024;

    assertGrows(image, 20 * BLOCK);
    assertGrows(image, 3 * BLOCK - 512);
    assertGrows(image, 3 * BLOCK);
  }

  @Test
  void mapMovesWhereTheFirstBlocksAre() throws IOException {
    assertGrows(tight(3, FREE, 0, 1, 2, ZERO, FREE, FREE, FREE), 1500 * BLOCK);
  }

  @Test
  void mapMovesBehindAnImageWithFewerBlocksThanItTakes() throws IOException {
    assertGrows(tight(FREE, FREE, 0, FREE, FREE, FREE, FREE), 1500 * BLOCK);
    assertGrows(tight(FREE, FREE, ZERO, FREE, FREE, FREE), 2100 * BLOCK);
  }

  @Test
  void mapMovesInImagesOfAnyShape() throws IOException {
    for (long seed = 1; seed <= 12; seed++) {
      var random = new Random(seed);
      int[] entries = new int[8 + random.nextInt(20)];
      List<Integer> places = new ArrayList<>();
      for (int i = 0; i < entries.length / 2; i++) places.add(i);
      Collections.shuffle(places, random);
      for (int i = 0; i < entries.length; i++)
        entries[i] =
            i % 2 == 0 && !places.isEmpty()
                ? places.removeLast()
                : random.nextBoolean() ? FREE : ZERO;
      HandmadeImage image = tight(entries);
      if (random.nextBoolean()) image.blockExtra = 512;
      try {
        assertGrows(image, (entries.length + 1 + random.nextInt(1500)) * BLOCK);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  void fixedDiskGetsTheSpaceOfItsNewBlocks() throws IOException {
    HandmadeImage image = image(1, 0, 2);
    image.type = ImageType.FIXED.code();

    assertGrows(image, 9 * BLOCK);

    try (var disk = diskWith(image.bytes());
        ImageFile file = disk.openReadWrite(NAME, 0)) {
      VdiGrowth.grow(file, 9 * BLOCK, false);
      assertEquals(9, VdiHeader.read(file).allocatedBlocks());
      assertEquals(image.dataOffset + 9 * BLOCK, file.length());
    }
  }

  @Test
  void fixedDiskWithoutSpaceStaysAsItIs() throws IOException {
    HandmadeImage image = image(1, 0, 2);
    image.type = ImageType.FIXED.code();
    try (var disk = diskWith(image.bytes());
        ImageFile file = disk.openReadWrite(NAME, 0)) {
      disk.limitSpace(file.length() + 2 * BLOCK);

      assertThrows(OutOfSpaceException.class, () -> VdiGrowth.grow(file, 99 * BLOCK, false));

      assertEquals(image.bytes().length, file.length());
      assertArrayEquals(contents(file), contents(image.bytes()));
    }
  }

  @Test
  void newBlocksHideWhatLiesBelow() throws IOException {
    try (var disk = diskWith(image(1, FREE, 0).bytes());
        ImageFile file = disk.openReadWrite(NAME, 0)) {
      VdiGrowth.grow(file, 5 * BLOCK, true);

      RawImage raw = RawImage.of(file).assertDense();
      assertEquals(FREE, raw.entry(1));
      assertEquals(ZERO, raw.entry(3));
      assertEquals(ZERO, raw.entry(4));
    }
  }

  @Test
  void fullImageWithoutRoomForItsMapIsLeftAlone() throws IOException {
    HandmadeImage image = tight(1, 0, 2);
    try (var disk = diskWith(image.bytes());
        ImageFile file = disk.openReadWrite(NAME, 0)) {
      var refused =
          assertThrows(ImageFormatException.class, () -> VdiGrowth.grow(file, 1500 * BLOCK, false));

      assertTrue(refused.getMessage().contains("copy the disk into a new image"));
      assertArrayEquals(image.bytes(), bytes(file));
    }
  }

  // ---- what is said of all of them

  private static HandmadeImage image(int... entries) {
    return new HandmadeImage().map(entries);
  }

  /** Its map ends where the data begins. */
  private static HandmadeImage tight(int... entries) {
    HandmadeImage image = image(entries);
    image.dataOffset = image.mapOffset + Integer.BYTES * entries.length;
    return image;
  }

  /** The disk has its old or its new size at each crash, and the new one in the end. */
  private static void assertGrows(HandmadeImage image, int capacity) throws IOException {
    byte[] before = contents(image.bytes());
    boolean finished = false;
    for (int n = 0; !finished; n++) {
      try (var disk = diskWith(image.bytes())) {
        disk.losePowerAt(disk.operations() + n);
        finished = grows(disk, capacity);
        for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(n), Loss.any(n + 99)))
          try (CrashingDisk found = disk.afterCrash(n, loss);
              ImageFile file = found.openReadOnly(NAME, 0)) {
            RawImage raw = RawImage.of(file).assertSound();
            if (finished) raw.assertCounted();
            byte[] left = contents(file);
            assertTrue(
                left.length == (finished ? capacity : before.length) || left.length == capacity);
            assertArrayEquals(Arrays.copyOf(before, left.length), left);
          } catch (AssertionError e) {
            throw new AssertionError("power cut at operation " + n + ", " + loss, e);
          }
      }
    }
  }

  private static boolean grows(CrashingDisk disk, int capacity) throws IOException {
    try (ImageFile file = disk.openReadWrite(NAME, 0)) {
      VdiGrowth.grow(file, capacity, false);
      return true;
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
      return false;
    }
  }

  private static CrashingDisk diskWith(byte[] contents) throws IOException {
    var disk = new CrashingDisk(7);
    try (ImageFile file = disk.create(NAME, 0);
        Arena arena = Arena.ofConfined()) {
      file.write(0, arena.allocate(contents.length).copyFrom(MemorySegment.ofArray(contents)));
      file.sync();
    }
    return disk;
  }

  private static byte[] contents(byte[] image) throws IOException {
    try (var disk = diskWith(image);
        ImageFile file = disk.openReadOnly(NAME, 0)) {
      return contents(file);
    }
  }

  private static byte[] bytes(ImageFile file) throws IOException {
    MemorySegment all = Arena.ofAuto().allocate(file.length());
    file.read(0, all);
    return all.toArray(ValueLayout.JAVA_BYTE);
  }

  /** What a guest sees, read by the map alone. */
  private static byte[] contents(ImageFile file) throws IOException {
    byte[] bytes = bytes(file);
    RawImage raw = RawImage.of(file);
    byte[] disk = new byte[(int) raw.bytes().getLong(368)];
    for (int block = 0; block < raw.blocks(); block++) {
      int visible = Math.min(BLOCK, disk.length - block * BLOCK);
      if (raw.isStored(block) && visible > 0)
        System.arraycopy(
            bytes, (int) raw.blockOffset(raw.entry(block)), disk, block * BLOCK, visible);
    }
    return disk;
  }
}
