package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** Another program cuts an image while it is served, or writes to it. */
class OtherProgramTest {

  private static final int BLOCK = 4096;
  private static final int BLOCKS = 16;
  private static final int MAP = 512;
  private static final int COUNT_AT = 388;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  private CrashingDisk disk;
  private TestChain images;
  private DifferencingChain chain;
  private Guest guest;

  /** Eight blocks in a base, and eight others above it. */
  @BeforeEach
  void open() throws IOException {
    disk = new CrashingDisk(1);
    images =
        TestChain.overFilledBase(
            disk,
            TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK),
            8 * BLOCK,
            TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK),
            threads);
    chain = images.open(threads);
    guest = new Guest(chain);
    guest.write(8 * BLOCK, Guest.filled(7 * BLOCK, 'a'));
    guest.flush();
  }

  @AfterEach
  void remove() throws IOException {
    disk.close();
  }

  @Test
  void anImageThatWasCutTakesNoMoreWritesAndSaysSoAtTheEnd() throws IOException {
    long cut = 4096 + 4 * BLOCK;
    images.file(1).cutByAnother(cut);

    assertRefused(() -> guest.write(14 * BLOCK, Guest.filled(512, 'x')), "has cut it");
    assertEverythingIsRefused("has cut it");
    assertThrows(IOException.class, () -> guest.read(14 * BLOCK, 512));
    assertArrayEquals(Guest.filled(4 * BLOCK, 'a'), guest.read(8 * BLOCK, 4 * BLOCK));
    assertRefused(guest::close, "has cut it");

    try (ImageFile file = disk.openReadOnly(images.top(), 0)) {
      assertEquals(cut, file.length());
    }
  }

  @Test
  void aHeaderThatAnotherProgramHasWrittenIsNotOverwritten() throws IOException {
    images.file(1).writtenByAnother(COUNT_AT, number(12));
    guest.write(0, Guest.filled(BLOCK, 'b'));

    assertRefused(guest::flush, "another process has written to its header");
    assertEverythingIsRefused("another process has written to its header");
    assertArrayEquals(Guest.filled(7 * BLOCK, 'a'), guest.read(8 * BLOCK, 7 * BLOCK));
    assertRefused(guest::close, "another process has written to its header");

    assertEquals(12, images.raw().count());
  }

  @Test
  void aBlockMapThatAnotherProgramHasWrittenIsNotOverwritten() throws IOException {
    guest.write(0, Guest.filled(BLOCK, 'b')); // the page of the map is known from here on
    images.file(1).writtenByAnother(MAP + 4 * 3, number(9));

    assertRefused(guest::flush, "another process has written to its block map");
    assertEverythingIsRefused("another process has written to its block map");
    assertRefused(guest::close, "another process has written to its block map");

    assertEquals(9, images.raw().entry(3));
    assertEquals(-1, images.raw().entry(0));
  }

  @Test
  void anotherProgramThatWroteIsNoticedAlsoIfNothingIsLeftToBeWritten() throws IOException {
    images.file(1).writtenByAnother(COUNT_AT, number(12));

    assertRefused(guest::close, "another process has written to its header");

    assertEquals(12, images.raw().count());
  }

  /** It changes what the guest sees; this is looked for once a second. */
  @Test
  @Timeout(300)
  void anotherProgramThatWroteToAParentStopsTheWrites() throws IOException {
    images.file(0).writtenByAnother(COUNT_AT, number(12));

    IOException refused = null;
    while (refused == null) {
      try {
        guest.write(8 * BLOCK, Guest.filled(512, 'x'));
      } catch (IOException e) {
        refused = e;
      }
    }

    assertTrue(refused.getMessage().contains("0.vdi: another process"), refused.getMessage());
    assertEverythingIsRefused("0.vdi: another process has written to its header");
    assertRefused(guest::close, "0.vdi: another process has written to its header");
  }

  private void assertEverythingIsRefused(String why) {
    assertRefused(() -> guest.write(8 * BLOCK, Guest.filled(BLOCK, 'x')), why);
    assertRefused(() -> guest.write(0, Guest.filled(BLOCK, 'x')), why);
    assertRefused(() -> guest.write(2 * BLOCK, Guest.filled(512, 'x')), why);
    assertRefused(() -> guest.discard(8 * BLOCK, BLOCK), why);
    assertRefused(() -> guest.writeZeroes(8 * BLOCK, 2 * BLOCK, true), why);
    assertRefused(() -> guest.writeZeroes(8 * BLOCK, 512, false), why);
    assertRefused(guest::flush, why);
  }

  private static void assertRefused(Executable change, String why) {
    IOException failure = assertThrows(IOException.class, change);
    assertTrue(failure.getMessage().contains(why), failure.getMessage());
  }

  private static MemorySegment number(int value) {
    return Guest.memory(
        new byte[] {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)});
  }
}
