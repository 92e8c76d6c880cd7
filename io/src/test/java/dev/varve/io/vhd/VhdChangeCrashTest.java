package dev.varve.io.vhd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.MapLock;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * The power goes while the size or the parent of an image changes: VirtualBox reads the old or the
 * new image, and so does Varve, which mends what is left.
 */
class VhdChangeCrashTest {

  private static final String NAME = "a.vhd";
  private static final UUID PARENT = new UUID(3, 3);
  private static final UUID OTHER = new UUID(4, 4);
  private static final int OLD = (1 << 20) + 1536;

  /** Changes an image that is open for writing. */
  private interface Change {
    void make(Layer layer) throws IOException;
  }

  @Test
  void diskThatGrowsWithinItsTableHasItsOldOrNewSize() throws IOException {
    assertGrows(image(), 3 << 20);
  }

  @Test
  void diskThatGetsALongerTableHasItsOldOrNewSize() throws IOException {
    assertGrows(image(), 40 << 20);
  }

  @Test
  void childThatHidesItsParentsBehindItsOldEndHasItsOldOrNewSize() throws IOException {
    TestVhd image = image().over(PARENT);
    byte[] below = new byte[OLD];
    Arrays.fill(below, (byte) 'p');
    byte[] after = Arrays.copyOf(image.over(below), 2 << 20);

    assertChanges(image, below, after, layer -> layer.grow(2 << 20, true));
  }

  @Test
  void imageWhoseFooterIsMissingIsMendedAnywhere() throws IOException {
    byte[] bytes = image().bytes();
    byte[] contents = image().over(new byte[0]);
    assertChanges(Arrays.copyOf(bytes, bytes.length - 512), new byte[0], contents, _ -> {});
  }

  @Test
  void childThatBecomesABaseIsAlwaysOneOfBoth() throws IOException {
    TestVhd image = image().over(PARENT);
    byte[] contents = image.over(new byte[0]);
    assertChanges(image, new byte[0], contents, layer -> layer.changeParent(null, new MapLock()));
  }

  @Test
  void childThatGetsAnotherParentHasOneOfBoth() throws IOException {
    TestVhd image = image().over(PARENT);
    byte[] contents = image.over(new byte[0]);
    var parent =
        new LayerFacts(
            ImageFormat.VDI, MediumVariant.STANDARD, OTHER, null, null, null, OLD, 1 << 20);
    assertChanges(image, new byte[0], contents, layer -> layer.changeParent(parent, new MapLock()));
  }

  @Test
  void fixedDiskThatGrowsHasItsOldOrNewSize() throws IOException {
    byte[] contents = new byte[64 << 10];
    Arrays.fill(contents, (byte) 'f');
    byte[] file = Arrays.copyOf(contents, contents.length + 512);
    VhdFooter footer = VhdFooter.of(VhdType.FIXED, contents.length, PARENT);
    MemorySegment.copy(footer.bytes(), 0, MemorySegment.ofArray(file), contents.length, 512);

    int size = 100 << 10;
    assertChanges(
        file, new byte[0], Arrays.copyOf(contents, size), layer -> layer.grow(size, false));
  }

  private static TestVhd image() {
    return TestVhd.of(OLD, 256 << 10).sector(1, 'a').sector(OLD / 512 - 1, 'z');
  }

  private static void assertGrows(TestVhd image, int size) throws IOException {
    byte[] after = Arrays.copyOf(image.over(new byte[0]), size);
    assertChanges(image, new byte[0], after, layer -> layer.grow(size, false));
  }

  private static void assertChanges(TestVhd image, byte[] below, byte[] after, Change change)
      throws IOException {
    assertChanges(image.bytes(), below, after, change);
  }

  /**
   * The contents are those of before, which are the first of those of afterwards, or the latter.
   */
  private static void assertChanges(byte[] image, byte[] below, byte[] after, Change change)
      throws IOException {
    boolean finished = false;
    for (int n = 0; !finished; n++) {
      try (var disk = diskWith(image)) {
        disk.losePowerAt(disk.operations() + n);
        finished = change(disk, change);
        for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(n), Loss.any(n + 99))) {
          try (CrashingDisk found = disk.afterCrash(n, loss)) {
            assertOneOfBoth(found, below, after, finished);
          } catch (AssertionError e) {
            throw new AssertionError("power cut at operation " + n + ", " + loss, e);
          }
        }
      }
    }
  }

  private static void assertOneOfBoth(
      CrashingDisk disk, byte[] below, byte[] after, boolean finished) throws IOException {
    byte[] found = read(disk).assertSound().over(below);
    assertArrayEquals(Arrays.copyOf(after, found.length), found);
    if (finished) assertEquals(after.length, found.length);
    try (Layer layer = VhdImage.openReadWrite(disk.openReadWrite(NAME, 0))) {
      layer.mend();
      layer.putRight();
      assertEquals(found.length, layer.capacity());
    }
    VirtualBoxVhd mended = read(disk).assertClosed();
    assertTrue(Arrays.equals(found, mended.over(below)));
  }

  private static VirtualBoxVhd read(CrashingDisk disk) throws IOException {
    try (ImageFile file = disk.openReadOnly(NAME, 0)) {
      return VirtualBoxVhd.of(file);
    }
  }

  private static boolean change(CrashingDisk disk, Change change) throws IOException {
    try (Layer layer = VhdImage.openReadWrite(disk.openReadWrite(NAME, 0))) {
      layer.mend();
      change.make(layer);
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
    }
    return !disk.hasLostPower();
  }

  private static CrashingDisk diskWith(byte[] contents) throws IOException {
    var disk = new CrashingDisk(5);
    try (ImageFile file = disk.create(NAME, 0);
        Arena arena = Arena.ofConfined()) {
      file.write(0, arena.allocate(contents.length).copyFrom(MemorySegment.ofArray(contents)));
      file.sync();
    }
    return disk;
  }
}
