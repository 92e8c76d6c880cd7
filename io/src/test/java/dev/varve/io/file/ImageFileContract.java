package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link ImageFile} must do, sentence by sentence. */
abstract class ImageFileContract {
  static final int PAGE = 4096;
  static final int REACH = 16 << 20;

  final Arena arena = Arena.ofShared();
  ImageFile file;

  /** An empty file that can be written, whose mapping reaches {@link #REACH}. */
  abstract ImageFile newFile() throws IOException;

  @BeforeEach
  void makeFile() throws IOException {
    file = newFile();
  }

  @AfterEach
  void closeFile() throws IOException {
    file.close();
    arena.close();
  }

  @Test
  void newFileIsEmpty() throws IOException {
    assertEquals(0, file.length());
  }

  @Test
  void writingPastTheEndMakesTheFileGrowAndLeavesZeroesBefore() throws IOException {
    file.write(10_000, bytes(100, 'a'));

    assertEquals(10_100, file.length());
    assertArrayEquals(new byte[10_000], read(0, 10_000));
    assertArrayEquals(filled(100, 'a'), read(10_000, 100));
  }

  @Test
  void whatIsWrittenWithoutWaitingIsThereAndWhatIsNotIsSaid() throws IOException {
    file.write(0, bytes(2 * PAGE, 'a'));

    while (!file.tryWrite(100, bytes(PAGE, 'b'), 0, PAGE)) file.write(100, bytes(PAGE, 'b'));

    assertArrayEquals(filled(PAGE, 'b'), read(100, PAGE));
    assertArrayEquals(filled(100, 'a'), read(0, 100));
    assertTrue(file.reaches(2 * PAGE));
    assertFalse(file.reaches(2 * PAGE + 1));
  }

  @Test
  void mappingShowsWhatWasWrittenAlsoWhereTheFileDidNotReachBefore() throws IOException {
    MemorySegment before = file.mapping();

    file.write(1 << 20, bytes(100, 'a'));

    assertTrue(before.isReadOnly());
    assertTrue(before.byteSize() >= REACH);
    assertEquals(before, file.mapping(), "the mapping never moves");
    assertArrayEquals(filled(100, 'a'), mapped(1 << 20, 100));
    file.write(1 << 20, bytes(50, 'b'));
    assertArrayEquals(filled(50, 'b'), mapped(1 << 20, 50));
  }

  @Test
  void readingTheMappingPastTheEndThrowsInternalError() throws IOException {
    file.write(0, bytes(PAGE, 'a'));

    assertThrows(InternalError.class, () -> mapped(1 << 20, 100));
    assertArrayEquals(filled(PAGE, 'a'), mapped(0, PAGE));
  }

  @Test
  void whatWasJustWrittenIsResidentAndWhatIsBeyondTheEndIsNot() throws IOException {
    file.write(0, bytes(256 << 10, 'a'));

    assertTrue(file.resident(0, 256 << 10));
    assertTrue(file.resident(70_001, 513));
    assertFalse(file.resident(8 << 20, 1));
    assertFalse(file.resident(file.mapping().byteSize(), 1));
    assertFalse(file.resident(Long.MAX_VALUE - 10, 10));
  }

  @Test
  void whatWasCutOffIsNotResident() throws IOException {
    file.write(0, bytes(512 << 10, 'a'));
    assertTrue(file.resident(0, 512 << 10));

    file.setLength(128 << 10);

    assertTrue(file.resident(0, 128 << 10));
    assertFalse(file.resident(128 << 10, 1));
    assertDoesNotThrow(() -> file.refreshResidency(), "the file's owner may cut it");
  }

  @Test
  void readingPastTheEndFails() throws IOException {
    file.write(0, bytes(100, 'a'));

    IOException failure = assertThrows(IOException.class, () -> read(50, 100));

    assertTrue(failure.getMessage().contains(file.name()), failure.getMessage());
  }

  @Test
  void readingNothingAndWritingNothingDoNothing() throws IOException {
    file.write(500, arena.allocate(0));
    file.read(500, arena.allocate(0));

    assertEquals(0, file.length());
  }

  @Test
  void reservingLengthensTheFileWithZeroes() throws IOException {
    file.reserve(PAGE, 3 * PAGE);

    assertEquals(4 * PAGE, file.length());
    assertArrayEquals(new byte[4 * PAGE], read(0, 4 * PAGE));
    assertArrayEquals(new byte[4 * PAGE], mapped(0, 4 * PAGE));
  }

  @Test
  void reservingKeepsWhatWasWrittenAndNeverCuts() throws IOException {
    file.write(0, bytes(5 * PAGE, 'a'));

    file.reserve(PAGE, 2 * PAGE);

    assertEquals(5 * PAGE, file.length());
    assertArrayEquals(filled(5 * PAGE, 'a'), read(0, 5 * PAGE));
  }

  @Test
  void punchedRangeReadsAsZeroesToTheByte() throws IOException {
    file.write(0, bytes(16 * PAGE, 'a'));

    file.punch(PAGE + 100, 8 * PAGE);

    byte[] expected = filled(16 * PAGE, 'a');
    Arrays.fill(expected, PAGE + 100, 9 * PAGE + 100, (byte) 0);
    assertArrayEquals(expected, read(0, 16 * PAGE));
    assertArrayEquals(expected, mapped(0, 16 * PAGE));
    assertEquals(16 * PAGE, file.length());
  }

  @Test
  void punchingWithinAPageAndPastTheEndLeavesTheLength() throws IOException {
    file.write(0, bytes(2 * PAGE, 'a'));

    file.punch(10, 20);
    file.punch(PAGE + 5, 10 * PAGE);
    file.punch(100 * PAGE, PAGE);

    byte[] expected = filled(2 * PAGE, 'a');
    Arrays.fill(expected, 10, 30, (byte) 0);
    Arrays.fill(expected, PAGE + 5, 2 * PAGE, (byte) 0);
    assertArrayEquals(expected, read(0, 2 * PAGE));
    assertEquals(2 * PAGE, file.length());
  }

  @Test
  void zeroedRangeReadsAsZeroesToTheByteAndKeepsTheLength() throws IOException {
    file.write(0, bytes(4 * PAGE, 'a'));

    file.zero(100, 2 * PAGE);

    byte[] expected = filled(4 * PAGE, 'a');
    Arrays.fill(expected, 100, 2 * PAGE + 100, (byte) 0);
    assertArrayEquals(expected, read(0, 4 * PAGE));
    assertEquals(4 * PAGE, file.length());
  }

  @Test
  void nextHoleIsBehindAllThatWasWritten() throws IOException {
    file.write(0, bytes(4 * PAGE, 'a'));

    assertEquals(3 * PAGE, file.nextHole(0, 3 * PAGE));
    assertEquals(4 * PAGE, file.nextHole(PAGE, 4 * PAGE));
  }

  @Test
  void cutAndExtendedFileReadsAsZeroesWhereItWasCut() throws IOException {
    file.write(0, bytes(3 * PAGE, 'a'));

    file.setLength(PAGE + 10);
    file.setLength(3 * PAGE);

    byte[] expected = new byte[3 * PAGE];
    Arrays.fill(expected, 0, PAGE + 10, (byte) 'a');
    assertArrayEquals(expected, read(0, 3 * PAGE));
    assertArrayEquals(expected, mapped(0, 3 * PAGE));
  }

  @Test
  void nextDataSkipsNothingButHoles() throws IOException {
    file.setLength(4 << 20);
    file.write(1 << 20, bytes(PAGE, 'a'));

    long data = file.nextData(0, 4 << 20);

    assertTrue(data <= 1 << 20, "data at " + data);
    assertEquals((1 << 20) + 7, file.nextData((1 << 20) + 7, 4 << 20), "inside data");
    assertEquals(500, file.nextData(0, Math.min(data, 500)), "the end bounds the search");
    assertArrayEquals(new byte[(int) data], read(0, (int) data));
    assertEquals(6 << 20, file.nextData(5 << 20, 6 << 20), "nothing is there past the end");
  }

  @Test
  void syncKeepsEverything() throws IOException {
    file.write(100, bytes(PAGE, 'a'));

    file.sync();

    assertEquals(100 + PAGE, file.length());
    assertArrayEquals(filled(PAGE, 'a'), read(100, PAGE));
  }

  @Test
  void whatWasFetchedIsResident() throws IOException {
    file.write(0, bytes(300_000, 'a'));

    file.fetch(100, 299_900);

    assertTrue(file.resident(100, 299_900));
    assertThrows(IOException.class, () -> file.fetch(299_999, 2));
  }

  @Test
  void prefetchAndRefreshChangeNothing() throws IOException {
    file.write(0, bytes(PAGE, 'a'));

    file.prefetch(0, 1 << 20);
    file.refreshResidency();

    assertEquals(PAGE, file.length());
    assertTrue(file.resident(0, PAGE));
    assertArrayEquals(filled(PAGE, 'a'), read(0, PAGE));
  }

  @Test
  void closedFileRefusesEverythingAndClosesAgain() throws IOException {
    file.write(0, bytes(PAGE, 'a'));

    file.close();

    assertDoesNotThrow(file::close);
    assertThrows(IOException.class, file::length);
    assertThrows(IOException.class, () -> read(0, 1));
    assertThrows(IOException.class, () -> file.write(0, bytes(1, 'b')));
    assertThrows(IOException.class, file::sync);
  }

  @Test
  void failuresNameTheFile() throws IOException {
    IOException failure = assertThrows(IOException.class, () -> file.setLength(-1));

    assertTrue(failure.getMessage().contains(file.name()), failure.getMessage());
  }

  @Test
  void anyOperationsInAnyOrderBehaveLikeAByteArray() throws IOException {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] model = new byte[REACH / 8];
    int length = 0;
    for (int step = 0; step < 500; step++) {
      int offset = random.nextInt(model.length - 1);
      int size = 1 + random.nextInt(Math.min(100_000, model.length - offset));
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          byte fill = (byte) (1 + random.nextInt(100));
          file.write(offset, bytes(size, fill));
          Arrays.fill(model, offset, offset + size, fill);
          length = Math.max(length, offset + size);
        }
        case 3 -> {
          file.punch(offset, size);
          Arrays.fill(model, offset, offset + size, (byte) 0);
        }
        case 4 -> {
          file.reserve(offset, size);
          length = Math.max(length, offset + size);
        }
        default -> {
          if (random.nextInt(4) == 0) {
            file.setLength(offset);
            Arrays.fill(model, offset, model.length, (byte) 0);
            length = offset;
          } else {
            file.sync();
          }
        }
      }
      if (step % 20 == 0) compare(model, length, seed);
    }
    compare(model, length, seed);
  }

  private void compare(byte[] model, int length, long seed) throws IOException {
    assertEquals(length, file.length(), "seed " + seed);
    byte[] expected = Arrays.copyOf(model, length);
    assertArrayEquals(expected, read(0, length), "seed " + seed);
    assertArrayEquals(expected, mapped(0, length), "seed " + seed);
  }

  @Test
  void threadsMayWriteAndReadAtTheSameTime() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Future<?>[] writers = new Future<?>[4];
      for (int t = 0; t < writers.length; t++) {
        int first = t;
        writers[t] =
            threads.submit(
                () -> {
                  for (int page = first; page < 400; page += 4) {
                    file.write((long) page * PAGE, bytes(PAGE, 'a' + first));
                    file.resident((long) page * PAGE, PAGE);
                    assertArrayEquals(filled(PAGE, 'a' + first), read(page * PAGE, PAGE));
                  }
                  return null;
                });
      }
      for (Future<?> writer : writers) writer.get();
    }

    for (int page = 0; page < 400; page++) {
      assertArrayEquals(filled(PAGE, 'a' + page % 4), mapped(page * PAGE, PAGE));
    }
  }

  final MemorySegment bytes(int length, int value) {
    MemorySegment bytes = arena.allocate(length);
    bytes.fill((byte) value);
    return bytes;
  }

  static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  final byte[] read(long offset, int length) throws IOException {
    MemorySegment bytes = arena.allocate(length);
    file.read(offset, bytes);
    return bytes.toArray(ValueLayout.JAVA_BYTE);
  }

  final byte[] mapped(long offset, int length) {
    return file.mapping().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
  }
}
