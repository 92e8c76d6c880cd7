package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.OutOfSpaceException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The simulated disk is a disk as long as it has power, and loses what a real one may lose, and no
 * more.
 */
class CrashingFileTest extends ImageFileContract {
  private static final int SECTOR = 512;
  private static final int SEEDS = 300;

  private CrashingDisk disk;

  @Override
  ImageFile newFile() throws IOException {
    disk = new CrashingDisk(1);
    return disk.create("disk.img", REACH);
  }

  @AfterEach
  void closeDisk() throws IOException {
    disk.close();
  }

  @Test
  void whatWasSyncedSurvivesEveryCrash() throws IOException {
    file.write(0, bytes(20 * PAGE, 'a'));
    file.sync();
    file.write(50 * PAGE, bytes(PAGE, 'b'));

    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] found = contentAfterCrash(Loss.any(seed));
      assertTrue(found.length == 20 * PAGE || found.length == 51 * PAGE, "length " + found.length);
      for (int i = 0; i < 20 * PAGE; i++) assertEquals('a', found[i]);
    }
  }

  @Test
  void withoutASyncNothingMayBeThereOrEverythingOrAnyPart() throws IOException {
    file.setLength(8 * SECTOR);
    file.sync();
    file.write(0, bytes(8 * SECTOR, 'a'));

    assertArrayEquals(new byte[8 * SECTOR], contentAfterCrash(Loss.EVERYTHING));
    assertArrayEquals(filled(8 * SECTOR, 'a'), contentAfterCrash(Loss.NOTHING));
    Set<Integer> subsets = new HashSet<>();
    for (int seed = 0; seed < 20 * SEEDS; seed++) subsets.add(sectorsOf('a', seed));
    assertEquals(256, subsets.size(), "every subset of eight sectors");
  }

  /** Which sectors hold {@code value} after the crash, as a set of bits; the others hold zeroes. */
  private int sectorsOf(int value, int seed) throws IOException {
    byte[] found = contentAfterCrash(new Loss(seed, SECTOR, 50));
    int sectors = 0;
    for (int n = 0; n * SECTOR < found.length; n++) {
      for (int i = 0; i < SECTOR; i++) {
        assertEquals(found[n * SECTOR], found[n * SECTOR + i], "sectors are written whole");
      }
      assertTrue(found[n * SECTOR] == 0 || found[n * SECTOR] == value);
      if (found[n * SECTOR] != 0) sectors |= 1 << n;
    }
    return sectors;
  }

  @Test
  void laterWriteMayBeThereWithoutAnEarlierOneElsewhere() throws IOException {
    file.setLength(2 * PAGE);
    file.sync();
    file.write(0, bytes(PAGE, 'a'));
    file.write(PAGE, bytes(PAGE, 'b'));

    Set<String> found = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] content = contentAfterCrash(new Loss(seed, PAGE, 50));
      found.add(content[0] + " " + content[PAGE]);
    }

    assertEquals(Set.of("0 0", "97 0", "0 98", "97 98"), found);
  }

  @Test
  void sectorHoldsWhatItHeldAtSomeMoment() throws IOException {
    file.setLength(SECTOR);
    file.sync();
    file.write(0, bytes(SECTOR, 'a'));
    file.write(100, bytes(100, 'b'));
    file.punch(0, SECTOR);
    file.write(0, bytes(10, 'c'));

    Set<String> found = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] content = contentAfterCrash(new Loss(seed, SECTOR, 20));
      found.add(content[0] + " " + content[150] + " " + content[300]);
    }

    assertEquals(Set.of("0 0 0", "97 97 97", "97 98 97", "99 0 0"), found);
  }

  @Test
  void lengthIsLostOrKeptWhateverTheDataDid() throws IOException {
    file.write(0, bytes(PAGE, 'a'));
    file.sync();
    file.write(PAGE, bytes(PAGE, 'b'));

    Set<String> found = new HashSet<>();
    for (int seed = 0; seed < SEEDS; seed++) {
      byte[] content = contentAfterCrash(new Loss(seed, PAGE, 50));
      found.add(content.length + " " + content[content.length - 1]);
    }

    assertEquals(Set.of("4096 97", "8192 0", "8192 98"), found);
  }

  @Test
  void syncOfOneFileMakesNoOtherDurable() throws IOException {
    try (ImageFile other = disk.create("other.img", REACH)) {
      other.write(0, bytes(PAGE, 'b'));
      file.write(0, bytes(PAGE, 'a'));
      file.sync();
    }

    try (CrashingDisk found = disk.afterCrash(3, Loss.EVERYTHING)) {
      assertEquals(0, found.openReadOnly("other.img", REACH).length());
      assertEquals(PAGE, found.openReadOnly("disk.img", REACH).length());
    }
  }

  @Test
  void powerGoesDuringTheChosenOperationAndStaysAway() throws IOException {
    file.write(0, bytes(PAGE, 'a'));
    file.sync();
    disk.losePowerAt(disk.operations() + 1);
    file.reserve(0, 2 * PAGE);

    assertThrows(IOException.class, () -> file.write(PAGE, bytes(PAGE, 'b')));

    assertTrue(disk.hasLostPower());
    assertThrows(IOException.class, () -> read(0, 1));
    assertThrows(IOException.class, () -> file.sync());
    assertThrows(IOException.class, () -> file.length());
    assertArrayEquals(
        filled(PAGE, 'b'), slice(contentAfterCrash(Loss.NOTHING), PAGE, 2 * PAGE), "was under way");
    assertEquals(PAGE, contentAfterCrash(Loss.EVERYTHING).length);
  }

  @Test
  void syncDuringWhichThePowerGoesPromisesNothing() throws IOException {
    file.write(0, bytes(PAGE, 'a'));
    disk.losePowerAt(disk.operations());

    assertThrows(IOException.class, () -> file.sync());

    assertEquals(0, contentAfterCrash(Loss.EVERYTHING).length);
  }

  @Test
  void fileWhoseCreationWasCutShortIsThereOrNot() throws IOException {
    Set<Boolean> there = new HashSet<>();
    for (int seed = 0; seed < 20; seed++) {
      try (CrashingDisk fresh = new CrashingDisk(seed)) {
        fresh.losePowerAt(0);
        assertThrows(IOException.class, () -> fresh.create("new.img", REACH));
        try (CrashingDisk found = fresh.afterCrash(seed)) {
          there.add(exists(found, "new.img"));
        }
      }
    }
    assertEquals(Set.of(true, false), there);
  }

  private static boolean exists(CrashingDisk disk, String name) {
    try {
      return disk.openReadOnly(name, REACH).length() == 0;
    } catch (IOException _) {
      return false;
    }
  }

  @Test
  void sameSeedFindsTheSame() throws IOException {
    for (int i = 0; i < 20; i++) file.write(i * 3000, bytes(2500, 'a' + i));

    for (int seed = 0; seed < 20; seed++) {
      assertArrayEquals(contentAfterCrash(Loss.any(seed)), contentAfterCrash(Loss.any(seed)));
    }
  }

  @Test
  void foundDiskCanBeWrittenAndCrashesAgain() throws IOException {
    file.write(0, bytes(PAGE, 'a'));
    file.sync();

    try (CrashingDisk found = disk.afterCrash(1)) {
      ImageFile again = found.openReadWrite("disk.img", REACH);
      again.write(0, bytes(100, 'b'));
      again.sync();
      again.write(200, bytes(100, 'c'));
      try (CrashingDisk second = found.afterCrash(2, Loss.EVERYTHING)) {
        byte[] content = contentOf(second);
        assertEquals('b', content[0]);
        assertEquals('a', content[200]);
      }
    }
    assertEquals('a', contentAfterCrash(Loss.NOTHING)[0], "the first disk stays as it was");
  }

  @Test
  void failedSyncLosesSomeOfItForGoodAndIsNotForgotten() throws IOException {
    Set<Integer> lost = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      try (CrashingDisk fresh = new CrashingDisk(seed)) {
        ImageFile failing = fresh.create("disk.img", REACH);
        failing.setLength(PAGE);
        failing.sync();
        failing.write(0, bytes(PAGE, 'a'));
        fresh.failAt(fresh.operations());
        assertThrows(IOException.class, failing::sync);
        assertThrows(IOException.class, failing::sync, "nobody may believe the next one");
        try (CrashingDisk found = fresh.afterCrash(1, Loss.NOTHING)) {
          int kept = 0;
          for (byte b : contentOf(found)) if (b != 0) kept++;
          lost.add(PAGE - kept);
        }
      }
    }
    assertTrue(lost.contains(0) && lost.contains(PAGE) && lost.size() > 2, "lost " + lost);
  }

  @Test
  void failingReserveFindsNoSpaceOnce() throws IOException {
    disk.failAt(disk.operations());

    assertThrows(OutOfSpaceException.class, () -> file.reserve(0, PAGE));

    assertEquals(0, file.length());
    file.reserve(0, PAGE);
    assertEquals(PAGE, file.length());
  }

  @Test
  void failingWriteIsCarriedOutInPart() throws IOException {
    disk.failAt(disk.operations());

    assertThrows(OutOfSpaceException.class, () -> file.write(0, bytes(PAGE, 'a')));

    assertTrue(file.length() < PAGE);
    assertArrayEquals(filled((int) file.length(), 'a'), read(0, (int) file.length()));
    file.reserve(0, PAGE);
    disk.failAt(disk.operations());
    IOException reserved = assertThrows(IOException.class, () -> file.write(0, bytes(PAGE, 'a')));
    assertFalse(reserved instanceof OutOfSpaceException, "there is space, so it is the medium");
  }

  @Test
  void fullDiskTakesWhatWasReservedAndNothingElse() throws IOException {
    file.reserve(0, 2 * PAGE);
    disk.limitSpace(PAGE);

    file.write(0, bytes(2 * PAGE, 'a'));
    file.reserve(PAGE, 2 * PAGE);

    assertThrows(OutOfSpaceException.class, () -> file.reserve(0, 4 * PAGE));
    assertThrows(OutOfSpaceException.class, () -> file.write(10 * PAGE, bytes(1, 'a')));
    file.punch(0, PAGE);
    file.write(10 * PAGE, bytes(1, 'b'));
    assertThrows(OutOfSpaceException.class, () -> file.write(0, bytes(1, 'a')));
  }

  @Test
  void chosenReadFailsOnce() throws IOException {
    file.write(0, bytes(PAGE, 'a'));
    disk.failReadAt(1);

    read(0, 1);
    assertThrows(IOException.class, () -> read(0, 1));
    read(0, 1);
  }

  @Test
  void cutByAnotherIsSeenAsOnARealDisk() throws IOException {
    file.write(0, bytes(4 * PAGE, 'a'));
    file.sync();
    file.refreshResidency();

    ((CrashingFile) file).cutByAnother(PAGE);

    assertThrows(IOException.class, () -> read(PAGE, 1));
    assertThrows(InternalError.class, () -> mapped(2 * PAGE, 1));
    assertThrows(IOException.class, () -> file.refreshResidency());
    assertFalse(file.resident(PAGE, 1));
  }

  @Test
  void openFileIsExclusiveForAWriterAndSharedByReaders() throws IOException {
    assertThrows(ImageInUseException.class, () -> disk.openReadWrite("disk.img", REACH));
    assertThrows(ImageInUseException.class, () -> disk.openReadOnly("disk.img", REACH));
    file.write(0, bytes(PAGE, 'a'));
    file.close();

    try (ImageFile one = disk.openReadOnly("disk.img", REACH);
        ImageFile two = disk.openReadOnly("disk.img", REACH)) {
      assertEquals('a', one.mapping().get(ValueLayout.JAVA_BYTE, 0), "closing loses nothing");
      assertEquals('a', two.mapping().get(ValueLayout.JAVA_BYTE, 0));
      assertThrows(IOException.class, () -> one.write(0, bytes(1, 'b')));
    }
  }

  private byte[] contentAfterCrash(Loss loss) throws IOException {
    try (CrashingDisk found = disk.afterCrash(1, loss)) {
      return contentOf(found);
    }
  }

  private static byte[] contentOf(CrashingDisk disk) throws IOException {
    try (ImageFile found = disk.openReadOnly("disk.img", REACH)) {
      MemorySegment content = found.mapping().asSlice(0, found.length());
      return content.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }
}
