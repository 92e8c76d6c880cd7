package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@link MappedFile} adds to the contract, on the file system that holds the temporary folder.
 */
@Timeout(300)
class MappedFileTest extends ImageFileContract {
  private static final long TEBIBYTE = 1L << 40;

  @TempDir Path folder;

  @Override
  ImageFile newFile() throws IOException {
    return created(folder.resolve("disk.img"), REACH);
  }

  private static MappedFile created(Path path, long reach) throws IOException {
    return MappedFile.openReadWrite(Files.createFile(path), reach);
  }

  @Test
  void missingFileAndFolderAreRefusedByName() {
    Path missing = folder.resolve("missing.img");

    IOException absent =
        assertThrows(IOException.class, () -> MappedFile.openReadOnly(missing, REACH));
    IOException noFile =
        assertThrows(IOException.class, () -> MappedFile.openReadOnly(folder, REACH));

    assertTrue(absent.getMessage().contains(missing.toString()), absent.getMessage());
    assertTrue(noFile.getMessage().contains("not a regular file"), noFile.getMessage());
  }

  @Test
  void fileOpenedForReadingCannotBeChanged() throws IOException {
    file.write(0, bytes(PAGE, 'a'));
    file.close();

    try (MappedFile reader = MappedFile.openReadOnly(Path.of(file.name()), 0)) {
      assertThrows(IOException.class, () -> reader.write(0, bytes(1, 'b')));
      assertThrows(IOException.class, () -> reader.reserve(0, 10 * PAGE));
      assertThrows(IOException.class, () -> reader.punch(0, PAGE));
      assertThrows(IOException.class, () -> reader.setLength(0));
      assertEquals(PAGE, reader.length());
      assertEquals('a', reader.mapping().get(ValueLayout.JAVA_BYTE, PAGE - 1));
    }
  }

  @Test
  void mappingCoversAFileThatIsLongerThanItsReach() throws IOException {
    file.write(10 << 20, bytes(PAGE, 'a'));
    file.close();

    try (MappedFile longer = MappedFile.openReadWrite(Path.of(file.name()), 1 << 20)) {
      assertTrue(longer.mapping().byteSize() >= (10 << 20) + PAGE);
      assertEquals('a', longer.mapping().get(ValueLayout.JAVA_BYTE, 10 << 20));
    }
  }

  @Test
  void fileOfFiveTebibytesOpensAtOnceAndIsReachedToItsEnd() throws IOException {
    Path path = folder.resolve("huge.img");
    long end = 5 * TEBIBYTE;
    try (MappedFile huge = created(path, 64 * TEBIBYTE)) {
      huge.setLength(end);
      huge.write(end - PAGE, bytes(PAGE, 'z'));

      assertEquals('z', huge.mapping().get(ValueLayout.JAVA_BYTE, end - 1));
      assertTrue(huge.resident(end - PAGE, PAGE));
      assertFalse(huge.resident(2 * TEBIBYTE, PAGE));
      assertEquals(end - PAGE, huge.nextData(0, end));
      huge.punch(TEBIBYTE, TEBIBYTE / 100);
      huge.refreshResidency();
      assertTrue(huge.resident(end - PAGE, PAGE));
    }
    try (MappedFile huge = MappedFile.openReadOnly(path, 0)) {
      assertEquals(end, huge.length());
      assertEquals('z', huge.mapping().get(ValueLayout.JAVA_BYTE, end - PAGE));
    }
  }

  @Test
  void mappingIsShorterWhereTheAddressSpaceIsFullAndReadingByPositionReachesTheRest()
      throws IOException {
    Path path = folder.resolve("huge.img");
    long beyond = 15 * TEBIBYTE; // a process has 128 TiB of addresses, and 8 such files are 120
    try (MappedFile huge = created(path, 0)) {
      huge.setLength(beyond + PAGE);
      huge.write(beyond, bytes(PAGE, 'z'));
    }
    MappedFile[] readers = new MappedFile[10];
    try {
      for (int n = 0; n < readers.length; n++) {
        readers[n] = MappedFile.openReadOnly(path, 0);
        MemorySegment found = bytes(PAGE, 0);
        readers[n].read(beyond, found);
        assertEquals('z', found.get(ValueLayout.JAVA_BYTE, 0));
      }
      MappedFile last = readers[readers.length - 1];
      assertTrue(last.mapping().byteSize() < beyond, "mapped " + last.mapping().byteSize());
      assertTrue(last.mapping().byteSize() >= 1 << 20);
      assertFalse(last.resident(beyond, PAGE));
    } finally {
      for (MappedFile reader : readers) if (reader != null) reader.close();
    }
  }

  @Test
  void cutFileIsAFailureOfTheReadAndNotOfTheProcess() throws IOException {
    file.write(0, bytes(1 << 20, 'a'));
    cutByAnother(Path.of(file.name()), PAGE);

    // Often enough for every compiler to have had its turn. Compiled code throws at its next
    // safepoint, which may be
    // after the block that touched the memory and before the next iteration, or several of them.
    MemorySegment to = arena.allocate(PAGE);
    int attempts = 0;
    int failures = 0;
    while (attempts < 30_000) {
      try {
        while (attempts < 30_000) {
          attempts++;
          MemorySegment.copy(file.mapping(), 8 * PAGE, to, 0, PAGE);
        }
      } catch (InternalError _) {
        failures++;
      }
    }

    assertTrue(failures > 0);
    MemorySegment gone = file.mapping().asSlice(8 * PAGE, PAGE);
    assertThrows(IOException.class, () -> file.write(0, gone), "a system call fails in order");
    assertThrows(IOException.class, () -> read(8 * PAGE, PAGE));
    assertArrayEquals(filled(PAGE, 'a'), mapped(0, PAGE));
  }

  @Test
  void cutByAnotherProgramIsNoticedAndWhatItTookIsNotResidentAndNothingIsWrittenAnyMore()
      throws IOException {
    file.write(0, bytes(4 << 20, 'a'));
    assertTrue(file.resident(0, 4 << 20));
    file.refreshResidency();

    cutByAnother(Path.of(file.name()), 1 << 20);
    IOException noticed = assertThrows(IOException.class, () -> file.refreshResidency());

    assertTrue(noticed.getMessage().contains(file.name()), noticed.getMessage());
    assertFalse(file.resident(1 << 20, PAGE));
    assertTrue(file.resident(0, 1 << 20));
    assertThrows(IOException.class, () -> file.write(0, bytes(PAGE, 'b')));
    assertThrows(IOException.class, () -> file.tryWrite(0, bytes(PAGE, 'b'), 0, PAGE));
    assertThrows(IOException.class, () -> file.reserve(2 << 20, PAGE));
    assertThrows(IOException.class, () -> file.punch(0, PAGE));
    assertThrows(IOException.class, () -> file.zero(0, PAGE));
    assertThrows(IOException.class, () -> file.setLength(4 << 20));
    assertThrows(IOException.class, file::sync);
    assertEquals(1 << 20, file.length());
    assertArrayEquals(filled(PAGE, 'a'), read(0, PAGE));
  }

  private static void cutByAnother(Path path, long length) throws IOException {
    int other = Posix.open(path, Posix.O_RDWR | Posix.O_CLOEXEC, 0);
    try {
      Posix.ftruncate(other, length);
    } finally {
      Posix.close(other);
    }
  }

  @Test
  void whatLeftTheCacheIsNotResidentAfterARefresh() throws IOException {
    file.write(0, bytes(4 << 20, 'a'));
    file.sync();
    assertTrue(file.resident(0, 4 << 20));

    CachedPages.drop(Path.of(file.name()), 1 << 20, 1 << 20);
    assumeTrue(pagesInCache(1 << 20, 1 << 20) == 0, "this file system keeps its pages");
    file.refreshResidency();

    assertFalse(file.resident(1 << 20, 1 << 20));
    assertTrue(file.resident(0, 1 << 20));
    assertTrue(file.resident(2 << 20, 2 << 20));
    read((1 << 20) + PAGE, PAGE);
    assertTrue(file.resident((1 << 20) + PAGE, PAGE), "known by its page, not by its piece");
    assertFalse(file.resident(1 << 20, 64 << 10));
  }

  @Test
  void refreshAsksOnlyAboutWhatWasUsedSinceAndForgetsNothingThatMatters() throws IOException {
    file.write(0, bytes(4 << 20, 'a'));
    assertTrue(file.resident(0, 4 << 20));

    for (int second = 0; second < 5; second++) {
      assertTrue(file.resident(0, 1 << 20));
      file.refreshResidency();
    }

    assertTrue(file.resident(0, 4 << 20), "found out again");
  }

  private int pagesInCache(long offset, long length) throws IOException {
    MemorySegment pages = arena.allocate(length / PAGE);
    Posix.mincore(file.mapping().asSlice(offset, length), pages);
    int count = 0;
    for (long page = 0; page < pages.byteSize(); page++) {
      count += pages.get(ValueLayout.JAVA_BYTE, page) & 1;
    }
    return count;
  }

  @Test
  void punchedSpaceGoesBackToTheHost() throws IOException {
    file.reserve(0, 4 << 20);
    file.write(0, bytes(4 << 20, 'a'));
    file.sync();
    assertEquals(0, file.nextData(0, 4 << 20));

    file.punch(0, 3 << 20);

    assertEquals(3 << 20, file.nextData(0, 4 << 20));
  }

  @Test
  void largeWritesArriveWholeAtAnyOffset() throws IOException {
    MemorySegment source = arena.allocate(3_000_001);
    for (long i = 0; i < source.byteSize(); i++) {
      source.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31 >> 8));
    }

    file.write(12_345, source);

    assertEquals(12_345 + 3_000_001, file.length());
    assertEquals(-1, source.mismatch(file.mapping().asSlice(12_345, 3_000_001)));
  }

  @Test
  void fullDiskIsOutOfSpaceAndDamagesNothing() throws Exception {
    try (Mount small = new Mount("tmpfs", "size=4m")) {
      Path path = small.folder.resolve("disk.img");
      try (MappedFile full = created(path, REACH)) {
        full.reserve(0, 2 << 20);
        assertThrows(OutOfSpaceException.class, () -> full.reserve(2 << 20, 8 << 20));
        full.write(0, bytes(2 << 20, 'a'));

        IOException failure =
            assertThrows(OutOfSpaceException.class, () -> full.write(2 << 20, bytes(8 << 20, 'b')));

        assertTrue(failure.getMessage().contains(path.toString()), failure.getMessage());
        assertEquals('a', full.mapping().get(ValueLayout.JAVA_BYTE, (2 << 20) - 1));
        full.setLength(2 << 20);
        full.write(2 << 20, bytes(1 << 20, 'c'));
        full.sync();
      }
    }
  }

  @Test
  void fileSystemWithoutHolesGetsZeroesAndLength() throws Exception {
    try (Mount plain = new Mount("ramfs", "mode=700")) {
      try (MappedFile simple = created(plain.folder.resolve("disk.img"), REACH)) {
        simple.write(0, bytes(4 * PAGE, 'a'));
        simple.punch(100, PAGE);
        simple.punch(3 * PAGE, 10 * PAGE);
        simple.reserve(4 * PAGE, 2 * PAGE);

        byte[] found = simple.mapping().asSlice(0, 6 * PAGE).toArray(ValueLayout.JAVA_BYTE);
        for (int i = 0; i < found.length; i++) {
          boolean zero = i >= 100 && i < 100 + PAGE || i >= 3 * PAGE;
          assertEquals(zero ? 0 : 'a', found[i], "byte " + i);
        }
        assertEquals(6 * PAGE, simple.length());
      }
    }
  }

  /** A file system of its own for a test, which only root may mount. */
  private final class Mount implements AutoCloseable {
    final Path folder;

    Mount(String type, String options) throws Exception {
      folder = Files.createDirectory(MappedFileTest.this.folder.resolve(type));
      boolean mounted = run("mount", "-t", type, "-o", options, "varve-test", folder.toString());
      assumeTrue(mounted, "mounting a " + type + " needs root, as this test does");
    }

    @Override
    public void close() throws Exception {
      assertTrue(run("umount", folder.toString()));
    }

    private static boolean run(String... command) throws Exception {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    }
  }
}
