package dev.varve.io.vdi;

import static dev.varve.io.vdi.BlockEntry.FREE;
import static dev.varve.io.vdi.BlockEntry.ZERO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The power goes, or the medium fails, while an image is repaired or created. */
class VdiCrashTest {

  private static final String NAME = "a.vdi";
  private static final long SEED = 20;
  private static final ValueLayout.OfInt ENTRY =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Everything that can be repaired at once; the guest's view of it afterwards is {@link
   * #REPAIRED}.
   */
  private static byte[] damaged() {
    var image = new HandmadeImage();
    image.map = new int[] {5, FREE, 1, 8, 1, 1000, ZERO, 3};
    image.blockCount = 8;
    image.capacity = 8 * 4096;
    image.allocated = 2;
    image.fileBlocks = "abcdefghijk".getBytes(StandardCharsets.US_ASCII);
    return image.bytes();
  }

  private static final String REPAIRED = "f0bi00zd";

  @Test
  void repairThatLosesItsPowerAnywhereIsRepairedByTheNext() throws IOException {
    boolean finished = false;
    for (long n = 0; !finished; n++) {
      try (var disk = diskWith(damaged())) {
        disk.losePowerAt(disk.operations() + n);
        finished = repairs(disk);
        for (Loss loss : List.of(Loss.NOTHING, Loss.EVERYTHING, Loss.any(n), Loss.any(n + 1000))) {
          try (CrashingDisk found = disk.afterCrash(SEED, loss)) {
            assertRepairable(found, "power cut at operation " + n + ", " + loss);
          }
        }
      }
    }
  }

  @Test
  void repairThatFailsAnywhereIsRepairedByTheNext() throws IOException {
    boolean finished = false;
    for (long n = 0; !finished; n++) {
      try (var disk = diskWith(damaged())) {
        disk.failAt(disk.operations() + n);
        finished = repairs(disk);
        disk.failAt(Long.MAX_VALUE);
        assertRepairable(disk, "operation " + n + " failed");
      }
    }
  }

  private static void assertRepairable(CrashingDisk disk, String when) throws IOException {
    try (ImageFile file = disk.openReadWrite(NAME, 0)) {
      VdiCheck.Report report = VdiCheck.repair(file, UUID::randomUUID);
      assertEquals(VdiCheck.Severity.NOTE, report.severity(), when + ": " + report);
      assertEquals(REPAIRED, guestView(file), when + ": " + report);
      assertEquals(4, VdiHeader.read(file).allocatedBlocks(), when);
      assertEquals(4096 + 4 * 4096, file.length(), when);
    }
  }

  /** Whether the repair came to its end. */
  private static boolean repairs(CrashingDisk disk) throws IOException {
    try (ImageFile file = disk.openReadWrite(NAME, 0)) {
      VdiCheck.repair(file, UUID::randomUUID);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static CrashingDisk diskWith(byte[] contents) throws IOException {
    var disk = new CrashingDisk(SEED);
    try (ImageFile file = disk.create(NAME, 0);
        Arena arena = Arena.ofConfined()) {
      file.write(0, arena.allocate(contents.length).copyFrom(MemorySegment.ofArray(contents)));
      file.sync();
    }
    return disk;
  }

  @Test
  void fixedImageThatDoesNotFitIsOutOfSpace() throws IOException {
    try (var disk = new CrashingDisk(SEED);
        ImageFile file = disk.create("half-made", 0)) {
      disk.limitSpace(3 << 20);

      NewImage image = NewImage.fixed(4 << 20, UUID::randomUUID);

      assertThrows(OutOfSpaceException.class, () -> VdiCreator.write(file, image));
    }
  }

  @Test
  void createdImageIsWholeOnceItWasSynced() throws IOException {
    try (var disk = new CrashingDisk(SEED);
        ImageFile file = disk.create(NAME, 0)) {
      VdiCreator.write(file, NewImage.fixed(4 << 20, UUID::randomUUID));
      file.sync();

      try (CrashingDisk found = disk.afterCrash(SEED, Loss.EVERYTHING);
          ImageFile survived = found.openReadOnly(NAME, 0)) {
        assertEquals(List.of(), VdiCheck.check(survived).findings());
        assertEquals(4, VdiHeader.read(survived).allocatedBlocks());
      }
    }
  }

  /** A letter for each block, as the guest sees it; 0 for free, z for zero. */
  private static String guestView(ImageFile file) throws IOException {
    VdiHeader header = VdiHeader.read(file);
    var view = new StringBuilder();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = arena.allocate(4L * header.blockCount());
      MemorySegment letter = arena.allocate(1);
      file.read(header.mapOffset(), map);
      for (int block = 0; block < header.blockCount(); block++) {
        int entry = map.getAtIndex(ENTRY, block);
        if (BlockEntry.isFileBlock(entry)) {
          file.read(header.blockOffset(entry) + 4095, letter);
          view.append((char) letter.get(ValueLayout.JAVA_BYTE, 0));
        } else {
          view.append(entry == ZERO ? 'z' : '0');
        }
      }
    }
    return view.toString();
  }
}
