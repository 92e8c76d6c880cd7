package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.io.chain.RandomRequests.Kind;
import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.Loss;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.RawImage;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the host fails at costs the request that needed it, and nothing else. */
@Timeout(300)
class FaultTest {

  private static final int BLOCK = 16 << 10;
  private static final int CAPACITY = 8 * BLOCK + 1536;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  private CrashingDisk disk;
  private TestChain images;

  /** A base full of 'p' under an empty top image. */
  @BeforeEach
  void create() throws IOException {
    disk = new CrashingDisk(1);
    images =
        TestChain.overFilledBase(
            disk,
            TestImage.of(CAPACITY).blockSize(4096),
            CAPACITY,
            TestImage.of(CAPACITY).blockSize(BLOCK),
            threads);
  }

  @AfterEach
  void remove() throws IOException {
    disk.close();
  }

  static LongStream seeds() {
    return Seeds.of(10);
  }

  @Test
  void errorOfTheJvmInAWriteInPlaceCostsThatRequestOnly() throws IOException {
    var fails = new AtomicBoolean();
    InterceptedFile.Interceptor trouble =
        (call, _) -> {
          if (call == InterceptedFile.Call.WRITE && fails.getAndSet(false))
            throw new OutOfMemoryError("by the test");
        };
    var guest = new Guest(images.open(threads, trouble));
    guest.write(0, Guest.filled(BLOCK, 'a'));

    fails.set(true);
    assertThrows(
        IOException.class, () -> Guest.await(guest.submitWrite(0, Guest.filled(4096, 'b'), false)));
    guest.write(4096, Guest.filled(4096, 'c'));

    assertArrayEquals(Guest.filled(4096, 'c'), guest.read(4096, 4096));
    guest.close();
  }

  /** One operation of a session fails, each in turn. */
  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void operationThatFailsCostsItsRequestOnly(long seed) throws IOException {
    List<Request> requests = RandomRequests.of(new Random(seed), 25, CAPACITY, BLOCK);
    boolean failed = true;
    for (long n = 0; failed; n++) {
      try (CrashingDisk copy = disk.afterCrash(seed, Loss.NOTHING)) {
        long operation = n;
        failed =
            session(
                copy,
                requests,
                () -> copy.failAt(operation),
                "varve.seed=" + seed + ", failure at " + n);
      }
    }
  }

  /** There is space for so many pages and no more, until there is again. */
  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void fullDiskCostsTheRequestsThatNeedSpaceAndNothingElse(long seed) throws IOException {
    List<Request> requests = RandomRequests.of(new Random(seed), 25, CAPACITY, BLOCK);
    for (long pages = 0; pages < 48; pages += 3) {
      try (CrashingDisk copy = disk.afterCrash(seed, Loss.NOTHING)) {
        long bytes = pages * 4096;
        session(
            copy,
            requests,
            () -> copy.limitSpace(bytes),
            "varve.seed=" + seed + ", space for " + pages + " pages");
      }
    }
  }

  /**
   * Carries out the requests while the disk fails, then once more while it does not.
   *
   * @return whether a request failed
   */
  private static boolean session(
      CrashingDisk disk, List<Request> requests, Runnable trouble, String when) throws IOException {
    var images = new TestChain(disk, 2);
    var guest = new Guest(images.open(threads));
    byte[] expected = guest.readAll();
    boolean[] unknown = new boolean[CAPACITY];
    boolean failed = false;
    boolean syncFailed = false;
    trouble.run();
    for (Request request : requests) {
      try {
        Guest.await(guest.submit(request::setUp));
        request.applyTo(expected);
        Arrays.fill(unknown, request.offset(), request.end(), false);
      } catch (IOException e) {
        failed = true;
        syncFailed |= !isWrite(request);
        Arrays.fill(unknown, request.offset(), request.end(), true);
        request.applyTo(expected);
      }
      assertSame(expected, unknown, guest.readAll(), when + ", after " + request);
    }
    disk.limitSpace(Long.MAX_VALUE);
    disk.failAt(-1);
    if (!syncFailed) {
      for (Request request : requests) {
        Guest.await(guest.submit(request::setUp));
        request.applyTo(expected);
        Arrays.fill(unknown, request.offset(), request.end(), false);
      }
    }
    byte[] last = guest.readAll();
    assertSame(expected, unknown, last, when + ", at the end");
    try {
      guest.close();
      images.raw().assertDense();
    } catch (IOException e) {
      assertTrue(syncFailed, () -> when + ", closing: " + e);
      return true;
    }
    var again = new Guest(images.open(threads));
    assertArrayEquals(last, again.readAll(), when + ", opened again");
    again.close();
    return failed;
  }

  private static boolean isWrite(Request request) {
    return request.kind() != Kind.FLUSH && request.kind() != Kind.WRITE_DURABLY;
  }

  private static void assertSame(byte[] expected, boolean[] unknown, byte[] found, String when) {
    for (int i = 0; i < found.length; i++) {
      if (found[i] != expected[i] && !unknown[i]) {
        throw new AssertionError(
            "%s: byte %d is %d, not %d".formatted(when, i, found[i], expected[i]));
      }
    }
  }

  @Test
  void writeThatFindsNoSpaceSaysSoAndWorksOnceThereIsSome() throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(BLOCK, 'a'));
    disk.limitSpace(0);

    assertThrows(OutOfSpaceException.class, () -> guest.write(BLOCK, Guest.filled(BLOCK, 'b')));
    assertThrows(OutOfSpaceException.class, () -> guest.write(2 * BLOCK, Guest.filled(512, 'b')));
    assertThrows(OutOfSpaceException.class, () -> guest.writeZeroes(3 * BLOCK, 512, true));
    assertArrayEquals(Guest.filled(BLOCK, 'a'), guest.read(0, BLOCK));
    assertArrayEquals(Guest.filled(2 * BLOCK, 'p'), guest.read(BLOCK, 2 * BLOCK));
    guest.write(0, Guest.filled(BLOCK, 'c'));
    guest.discard(4 * BLOCK, BLOCK);
    guest.flush();

    disk.limitSpace(1 << 20);
    guest.write(BLOCK, Guest.filled(BLOCK, 'd'));
    guest.close();
    assertEquals(2, images.raw().assertDense().count());
  }

  @Test
  void discardMakesRoomForTheNextWriteOnAFullDisk() throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(BLOCK, 'a'));
    disk.limitSpace(0);

    guest.discard(0, BLOCK);
    guest.write(BLOCK, Guest.filled(BLOCK, 'b'));

    assertArrayEquals(Guest.filled(BLOCK, 0), guest.read(0, BLOCK));
    assertArrayEquals(Guest.filled(BLOCK, 'b'), guest.read(BLOCK, BLOCK));
    guest.close();
    assertEquals(2, images.raw().assertDense().count()); // there is no room to move it down
    var again = new Guest(images.open(threads));
    assertArrayEquals(Guest.filled(BLOCK, 0), again.read(0, BLOCK));
    assertArrayEquals(Guest.filled(BLOCK, 'b'), again.read(BLOCK, BLOCK));
    again.close();
  }

  @Test
  void discardMakesRoomAlsoWhereTheHostCannotMakeHoles() throws IOException {
    disk.punchNothing();
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(3 * BLOCK, 'a'));
    guest.flush();
    disk.limitSpace(0);

    guest.discard(0, 2 * BLOCK);
    guest.write(4 * BLOCK, Guest.filled(2 * BLOCK, 'b'));
    assertThrows(OutOfSpaceException.class, () -> guest.write(6 * BLOCK, new byte[] {'c'}));

    assertArrayEquals(Guest.filled(2 * BLOCK, 0), guest.read(0, 2 * BLOCK));
    assertArrayEquals(Guest.filled(2 * BLOCK, 'b'), guest.read(4 * BLOCK, 2 * BLOCK));
    guest.close();
    assertEquals(3, images.raw().assertDense().count());
  }

  @Test
  void closeOnAFullDiskKeepsEverythingAndReportsNoFailure() throws IOException {
    var guest = new Guest(images.open(threads));
    for (int block = 0; block < 4; block++)
      guest.write(block * BLOCK, Guest.filled(BLOCK, 'a' + block));
    guest.flush();
    guest.discard(0, 2 * BLOCK);
    guest.flush();
    disk.limitSpace(0); // another process has taken the space that was given back

    guest.close();

    images.raw().assertDense();
    var again = new Guest(images.open(threads));
    assertArrayEquals(Guest.filled(2 * BLOCK, 0), again.read(0, 2 * BLOCK));
    assertArrayEquals(Guest.filled(BLOCK, 'c'), again.read(2 * BLOCK, BLOCK));
    assertArrayEquals(Guest.filled(BLOCK, 'd'), again.read(3 * BLOCK, BLOCK));
    disk.limitSpace(1 << 20);
    again.close();
    images.raw().assertDense();
  }

  @Test
  void readErrorCostsThatReadOnly() throws IOException {
    var chain = images.open(threads);
    var guest = new Guest(chain);
    guest.flush();
    disk.failReadAt(0);

    var failed = guest.submit(request -> request.read(0, Guest.memory(new byte[512])));

    assertThrows(IOException.class, () -> Guest.await(failed));
    Guest.await(guest.submit(request -> request.read(0, Guest.memory(new byte[512]))));
    guest.close();
  }

  @Test
  void flushesFailForGoodOnceTheHostFailedToMakeSomethingDurable() throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(BLOCK, 'a'));
    disk.failAt(disk.operations() + 1); // after the header, the first sync

    assertThrows(IOException.class, guest::flush);
    assertThrows(IOException.class, guest::flush);
    assertArrayEquals(Guest.filled(BLOCK, 'a'), guest.read(0, BLOCK));
    guest.write(0, Guest.filled(BLOCK, 'b'));
    assertThrows(IOException.class, () -> guest.writeDurably(0, Guest.filled(BLOCK, 'c')));
    assertThrows(IOException.class, guest::close);

    images.raw().assertSound();
    new Guest(images.open(threads)).close();
  }

  @Test
  void flushThatCannotEmptyAPlaceIsDoneByTheNext() throws IOException {
    flushThatFailsAt(0);
  }

  @Test
  void flushWhoseHeaderCannotBeWrittenIsDoneByTheNext() throws IOException {
    flushThatFailsAt(1);
  }

  @Test
  void flushWhoseEntriesCannotBeWrittenIsDoneByTheNext() throws IOException {
    flushThatFailsAt(3);
  }

  private void flushThatFailsAt(int operation) throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(2 * BLOCK, 'a'));
    guest.flush();
    guest.discard(0, BLOCK);
    guest.write(2 * BLOCK, Guest.filled(BLOCK, 'c'));
    disk.failAt(disk.operations() + operation);

    assertThrows(IOException.class, guest::flush);
    guest.flush();

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      new TestChain(found, 2).raw().assertCounted();
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(Guest.filled(BLOCK, 0), later.read(0, BLOCK));
      assertArrayEquals(Guest.filled(BLOCK, 'a'), later.read(BLOCK, BLOCK));
      assertArrayEquals(Guest.filled(BLOCK, 'c'), later.read(2 * BLOCK, BLOCK));
      later.close();
    }
    guest.close();
    assertEquals(2, images.raw().assertDense().count());
  }

  @Test
  void blockThatCannotBeCopiedKeepsNoOtherFromBecomingDurable() throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(BLOCK, Guest.filled(512, 'a'));
    guest.write(5 * BLOCK, Guest.filled(512, 'b'));
    images.file(0).cutByAnother(4096 + 4 * BLOCK);

    assertThrows(IOException.class, guest::flush);

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      RawImage top = new TestChain(found, 2).raw().assertSound();
      assertTrue(top.isStored(1));
    }
    assertArrayEquals(Guest.filled(512, 'a'), guest.read(BLOCK, 512));
  }

  @Test
  void blockWhosePlaceCouldNotBeEmptiedReadsAsZeroesAndCanBeWritten() throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(BLOCK, 'a'));
    guest.write(BLOCK, Guest.filled(BLOCK, 'b'));
    guest.flush();
    guest.discard(0, BLOCK);
    disk.failAt(disk.operations());

    assertThrows(IOException.class, guest::flush);
    assertArrayEquals(Guest.filled(BLOCK, 0), guest.read(0, BLOCK));
    guest.write(0, Guest.filled(512, 'c'));

    byte[] expected = new byte[BLOCK];
    Arrays.fill(expected, 0, 512, (byte) 'c');
    assertArrayEquals(expected, guest.read(0, BLOCK));
    guest.close();
    assertEquals(2, images.raw().assertDense().count());
    var again = new Guest(images.open(threads));
    assertArrayEquals(expected, again.read(0, BLOCK));
    again.close();
  }

  @Test
  void fileThatIsCutByAnotherCostsTheReadsThatNeedItAndNoOtherDisk() throws IOException {
    try (var otherDisk = new CrashingDisk(2)) {
      TestChain.create(otherDisk, 0, TestImage.of(CAPACITY).blockSize(BLOCK));
      var other = new Guest(new TestChain(otherDisk, 1).open(threads));
      other.write(0, Guest.filled(CAPACITY, 'o'));
      var guest = new Guest(images.open(threads));
      guest.write(0, Guest.filled(BLOCK, 'a'));
      guest.readAll();
      images.file(0).cutByAnother(4096 + 4096);

      for (int block = 1; block < 8; block++) {
        int offset = block * BLOCK;
        IOException failure = assertThrows(IOException.class, () -> guest.read(offset, BLOCK));
        assertTrue(failure.getMessage() != null && !failure.getMessage().isEmpty());
      }
      assertArrayEquals(Guest.filled(BLOCK, 'a'), guest.read(0, BLOCK));
      guest.write(BLOCK, Guest.filled(BLOCK, 'b'));
      assertArrayEquals(Guest.filled(BLOCK, 'b'), guest.read(BLOCK, BLOCK));
      guest.flush();

      assertArrayEquals(Guest.filled(CAPACITY, 'o'), other.readAll());
      other.close();
      guest.close();
    }
  }

  @Test
  void topImageThatIsCutByAnotherFailsItsRequestsAndStillCloses() throws IOException {
    var guest = new Guest(images.open(threads));
    guest.write(0, Guest.filled(2 * BLOCK, 'a'));
    guest.flush();
    images.file(1).cutByAnother(100);

    List<IOException> failures = new ArrayList<>();
    for (Request request : RandomRequests.of(new Random(1), 30, CAPACITY, BLOCK)) {
      try {
        Guest.await(guest.submit(request::setUp));
        guest.read(request.offset(), request.data().length);
      } catch (IOException e) {
        failures.add(e);
      }
    }
    try {
      guest.close();
    } catch (IOException e) {
      assertInstanceOf(IOException.class, e);
    }
    assertTrue(!failures.isEmpty());
  }
}
