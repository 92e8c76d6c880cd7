package dev.varve.io.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each system call does what its contract says, on the file system of the temporary folder. */
class PosixTest {
  private static final int PAGE = Posix.PAGE_SIZE;

  @TempDir Path folder;
  private final Arena arena = Arena.ofConfined();
  private Path path;
  private int fd;

  @BeforeEach
  void openFile() throws IOException {
    path = folder.resolve("file");
    fd = Posix.open(path, Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL | Posix.O_CLOEXEC, 0640);
  }

  @AfterEach
  void closeFile() throws IOException {
    Posix.close(fd);
    arena.close();
  }

  @Test
  void failureNamesCallPathReasonAndNumber() {
    Path missing = folder.resolve("missing");

    PosixException failure =
        assertThrows(PosixException.class, () -> Posix.open(missing, Posix.O_RDONLY, 0));

    assertEquals(Posix.ENOENT, failure.errno());
    assertEquals("open", failure.call());
    assertEquals("open " + missing + ": No such file or directory (errno 2)", failure.getMessage());
  }

  @Test
  void exclusiveCreationRefusesWhatIsThere() {
    PosixException failure =
        assertThrows(
            PosixException.class,
            () -> Posix.open(path, Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL, 0600));

    assertEquals(Posix.EEXIST, failure.errno());
  }

  @Test
  void descriptorThatIsNotOpenIsRefused() {
    int never =
        Integer.MAX_VALUE; // the number of one just closed may belong to another test by now

    PosixException failure = assertThrows(PosixException.class, () -> Posix.length(never));

    assertEquals(Posix.EBADF, failure.errno());
  }

  @Test
  void writingWithoutWaitingWritesAllOrSaysThatItCannot() throws IOException {
    Posix.pwrite(fd, bytes(2 * PAGE, 'a'), 0);
    try {
      long done = Posix.tryPwrite(fd, bytes(PAGE, 'b'), 0, PAGE, PAGE);
      MemorySegment found = arena.allocate(PAGE);
      Posix.pread(fd, found, PAGE);
      assertEquals(done == PAGE ? 'b' : 'a', found.get(ValueLayout.JAVA_BYTE, PAGE - 1));
    } catch (PosixException e) {
      assertTrue(e.notSupported(), e.getMessage());
    }
  }

  @Test
  void lengthIsKnownWithoutMovingThePosition() throws IOException {
    Posix.pwrite(fd, bytes(100, 'a'), 50);
    Posix.lseek(fd, 7, 0);

    assertEquals(150, Posix.knownLength(fd));
    assertEquals(7, Posix.lseek(fd, 0, 1));
  }

  @Test
  void filesOfOneFileSystemHaveItsNumberAndOthersAnother() throws IOException {
    int other = Posix.open(folder, Posix.O_RDONLY | Posix.O_CLOEXEC, 0);
    int elsewhere = Posix.open(Path.of("/proc/version"), Posix.O_RDONLY | Posix.O_CLOEXEC, 0);

    assertEquals(Posix.fileSystem(fd), Posix.fileSystem(other));
    assertNotEquals(Posix.fileSystem(fd), Posix.fileSystem(elsewhere));
    assertNotEquals(0, Posix.fileSystem(fd));
    Posix.close(other);
    Posix.close(elsewhere);
  }

  @Test
  void writtenBytesAreReadUpToTheEnd() throws IOException {
    Posix.pwrite(fd, bytes(100, 'a'), 50);

    MemorySegment found = arena.allocate(200);
    assertEquals(150, Posix.pread(fd, found, 0));
    assertEquals(0, found.get(ValueLayout.JAVA_BYTE, 49));
    assertEquals('a', found.get(ValueLayout.JAVA_BYTE, 50));
    assertEquals('a', found.get(ValueLayout.JAVA_BYTE, 149));
    assertEquals(0, Posix.pread(fd, found, 150));
    assertEquals(150, Posix.length(fd));
  }

  @Test
  void failedWriteCarriesItsErrno() throws IOException {
    int reader = Posix.open(path, Posix.O_RDONLY, 0);

    PosixException failure =
        assertThrows(PosixException.class, () -> Posix.pwrite(reader, bytes(10, 'a'), 7));

    assertEquals(Posix.EBADF, failure.errno());
    assertTrue(failure.getMessage().startsWith("pwrite of 10 bytes at 7: "), failure.getMessage());
    Posix.close(reader);
  }

  @Test
  void heapMemoryIsRefused() {
    MemorySegment heap = MemorySegment.ofArray(new byte[10]);

    assertThrows(IllegalArgumentException.class, () -> Posix.pwrite(fd, heap, 0));
  }

  @Test
  void spaceIsReservedPunchedAndZeroed() throws IOException {
    Posix.fallocate(fd, 0, 0, 4L * PAGE);
    assertEquals(4 * PAGE, Posix.length(fd));
    Posix.pwrite(fd, bytes(4 * PAGE, 'a'), 0);

    Posix.fallocate(fd, Posix.FALLOC_FL_PUNCH_HOLE | Posix.FALLOC_FL_KEEP_SIZE, 0, PAGE);

    assertEquals(PAGE, Posix.lseek(fd, 0, Posix.SEEK_DATA));
    assertEquals(0, Posix.lseek(fd, 0, Posix.SEEK_HOLE));
    assertEquals(4L * PAGE, Posix.lseek(fd, PAGE, Posix.SEEK_HOLE));
    assertEquals(
        Posix.ENXIO,
        assertThrows(PosixException.class, () -> Posix.lseek(fd, 4L * PAGE, Posix.SEEK_DATA))
            .errno());
    MemorySegment found = arena.allocate(PAGE);
    Posix.pread(fd, found, 0);
    assertEquals(-1, found.mismatch(arena.allocate(PAGE)));
  }

  @Test
  void lengthIsCutAndExtended() throws IOException {
    Posix.ftruncate(fd, 1L << 40);
    assertEquals(1L << 40, Posix.length(fd));

    Posix.ftruncate(fd, 5);
    assertEquals(5, Posix.length(fd));
  }

  @Test
  void dataNamesAndRangesAreMadeDurable() throws IOException {
    Posix.pwrite(fd, bytes(PAGE, 'a'), 0);

    Posix.syncFileRange(fd, 0, PAGE, Posix.SYNC_FILE_RANGE_WRITE);
    Posix.fdatasync(fd);
    Posix.fsync(fd);
    int names = Posix.open(folder, Posix.O_RDONLY, 0);
    Posix.fsync(names);
    Posix.close(names);
  }

  @Test
  void mappingShowsTheFileAndKnowsWhatIsInMemory() throws IOException {
    MemorySegment mapping = Posix.mmap(fd, 16L * PAGE);
    try {
      Posix.pwrite(fd, bytes(2 * PAGE, 'a'), 0);
      assertEquals('a', mapping.get(ValueLayout.JAVA_BYTE, PAGE + 1));

      MemorySegment pages = arena.allocate(16);
      Posix.mincore(mapping, pages);
      assertEquals(1, pages.get(ValueLayout.JAVA_BYTE, 1) & 1);
      assertEquals(0, pages.get(ValueLayout.JAVA_BYTE, 9) & 1);
      Posix.fadvise(fd, 0, 0, Posix.POSIX_FADV_WILLNEED);
    } finally {
      Posix.munmap(mapping);
    }
  }

  @Test
  void mappingLargerThanTheAddressSpaceIsRefused() {
    PosixException failure = assertThrows(PosixException.class, () -> Posix.mmap(fd, 1L << 60));

    assertEquals(Posix.ENOMEM, failure.errno());
  }

  @Test
  void locksExcludeOtherDescriptionsOfTheSameProcessAndEndWithTheirOwn() throws IOException {
    int other = Posix.open(path, Posix.O_RDWR, 0);
    assertTrue(Posix.lock(fd, Posix.F_RDLCK, 100, 1));
    assertTrue(Posix.lock(other, Posix.F_RDLCK, 100, 1), "readers share");

    assertFalse(Posix.lock(other, Posix.F_WRLCK, 100, 1));
    assertTrue(Posix.wouldConflict(other, Posix.F_WRLCK, 100, 1));
    assertFalse(Posix.wouldConflict(other, Posix.F_WRLCK, 101, 1));
    assertTrue(Posix.lock(fd, Posix.F_UNLCK, 100, 1));
    assertTrue(Posix.lock(other, Posix.F_WRLCK, 100, 1));
    assertFalse(Posix.lock(fd, Posix.F_RDLCK, 100, 1));
    Posix.close(other);
    assertTrue(Posix.lock(fd, Posix.F_RDLCK, 100, 1));
  }

  private MemorySegment bytes(int length, int value) {
    return arena.allocate(length).fill((byte) value);
  }
}
