package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.Density;
import dev.varve.io.vdi.RawImage;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Discarded blocks, and the places in the file that they keep. */
class EmptiedBlocksTest {

  private static final int BLOCK = 4096;
  private static final int BLOCKS = 6;
  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  private CrashingDisk disk;
  private TestChain images;

  @BeforeEach
  void create() throws IOException {
    disk = new CrashingDisk(1);
    TestChain.create(disk, 0, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
    images = new TestChain(disk, 1);
  }

  @AfterEach
  void close() throws IOException {
    disk.close();
  }

  private Guest open() throws IOException {
    return new Guest(images.open(threads));
  }

  private static byte[] block(int value) {
    return Guest.filled(BLOCK, value);
  }

  @Test
  void aDiskThatIsFullToTheLastBlockCanBeDiscardedAndWrittenAgain() throws IOException {
    Guest guest = open();
    guest.write(0, Guest.filled(BLOCKS * BLOCK, 'a'));

    for (int round = 0; round < 50; round++) {
      guest.discard(0, BLOCKS * BLOCK);
      guest.submit(request -> request.flush());
      guest.write(0, Guest.filled(BLOCKS * BLOCK, 'b' + round % 20));
    }

    assertArrayEquals(Guest.filled(BLOCKS * BLOCK, 'b' + 49 % 20), guest.readAll());
    guest.close();
    images.raw().assertDense();
  }

  /** Nothing else is allocated meanwhile, which is what makes a count wrong for a moment. */
  @Test
  void theCountIsRightWheneverThePowerGoesWhileBlocksAreDiscardedAndWrittenAgain()
      throws IOException {
    Guest guest = open();
    guest.write(0, Guest.filled(4 * BLOCK, 'a'));
    guest.close();
    boolean finished = false;
    for (long n = 0; !finished; n++) {
      try (CrashingDisk copy = disk.afterCrash(1, Loss.NOTHING)) {
        copy.losePowerAt(n);
        finished = discardsAndWrites(copy);
        for (Loss loss : List.of(Loss.NOTHING, Loss.EVERYTHING, Loss.any(n), Loss.any(n + 1000))) {
          try (CrashingDisk found = copy.afterCrash(1, loss)) {
            assertEquals(4, new TestChain(found, 1).raw().assertCounted().count());
          }
        }
      }
    }
  }

  private static boolean discardsAndWrites(CrashingDisk disk) throws IOException {
    try {
      var guest = new Guest(new TestChain(disk, 1).open(threads));
      guest.discard(0, BLOCK);
      guest.discard(2 * BLOCK, 2 * BLOCK);
      guest.flush();
      guest.write(2 * BLOCK, block('b'));
      guest.write(3 * BLOCK + 1000, new byte[] {'c'});
      guest.flush();
      guest.discard(BLOCK, BLOCK);
      guest.write(BLOCK, block('d'));
      guest.discard(0, 4 * BLOCK);
      guest.flush();
      return true;
    } catch (IOException e) {
      if (!disk.hasLostPower()) throw e;
      return false;
    }
  }

  @Test
  void aBlockThatIsWrittenAgainIsAtItsPlaceAgain() throws IOException {
    Guest guest = open();
    for (int block = 0; block < 3; block++) guest.write(block * BLOCK, block('a' + block));
    guest.flush();
    guest.discard(0, 3 * BLOCK);
    guest.flush();

    guest.write(2 * BLOCK, block('x'));
    guest.write(0, block('y'));
    guest.flush();

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      RawImage raw = new TestChain(found, 1).raw().assertCounted();
      for (int block = 0; block < 3; block++) assertEquals(block, raw.entry(block));
      var later = new Guest(new TestChain(found, 1).open(threads));
      assertArrayEquals(block('y'), later.read(0, BLOCK));
      assertArrayEquals(block(0), later.read(BLOCK, BLOCK));
      assertArrayEquals(block('x'), later.read(2 * BLOCK, BLOCK));
      later.close();
    }
    guest.close();
    assertEquals(2, images.raw().assertDense().count());
  }

  @Test
  void whatIsLeftOutOfADiscardedBlockReadsAsZeroesAlsoIfItIsWrittenAtOnce() throws IOException {
    Guest guest = open();
    guest.write(0, block('a'));
    guest.flush();

    guest.discard(0, BLOCK);
    guest.write(512, Guest.filled(512, 'b'));

    byte[] expected = new byte[BLOCK];
    System.arraycopy(Guest.filled(512, 'b'), 0, expected, 512, 512);
    assertArrayEquals(expected, guest.read(0, BLOCK));
    guest.close();
    guest = open();
    assertArrayEquals(expected, guest.read(0, BLOCK));
    guest.close();
  }

  @Test
  void aDiscardedBlockHidesTheParentAfterARestart() throws IOException {
    Guest guest = open();
    guest.write(0, Guest.filled(3 * BLOCK, 'p'));
    guest.close();
    TestChain.create(disk, 1, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
    var two = new TestChain(disk, 2);
    guest = new Guest(two.open(threads));
    guest.write(0, Guest.filled(2 * BLOCK, 'c'));
    guest.write(2 * BLOCK, new byte[] {'c'});
    guest.flush();

    guest.discard(0, 3 * BLOCK);
    guest.flush();

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      new TestChain(found, 2).raw().assertCounted();
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(Guest.filled(3 * BLOCK, 0), later.read(0, 3 * BLOCK));
      later.close();
    }
    guest.close();
    assertEquals(0, two.raw().assertDense().count());
    guest = new Guest(two.open(threads));
    assertArrayEquals(Guest.filled(3 * BLOCK, 0), guest.read(0, 3 * BLOCK));
    guest.close();
  }

  /** Of a block of which only parts were ever written to the top image. */
  @Test
  void aBlockThatIsDiscardedWhileItIsPartialIsCounted() throws IOException {
    Guest guest = open();
    guest.write(0, Guest.filled(3 * BLOCK, 'p'));
    guest.close();
    TestChain.create(disk, 1, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
    var two = new TestChain(disk, 2);
    guest = new Guest(two.open(threads));

    guest.write(BLOCK + 512, Guest.filled(512, 'c'));
    guest.discard(BLOCK, BLOCK);
    guest.write(2 * BLOCK + 512, Guest.filled(512, 'c'));
    guest.flush();

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      new TestChain(found, 2).raw().assertCounted();
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(block(0), later.read(BLOCK, BLOCK));
      assertArrayEquals(Guest.filled(512, 'p'), later.read(2 * BLOCK, 512));
      later.close();
    }
    guest.close();
    assertEquals(1, two.raw().assertDense().count());
  }

  @Test
  void memoryThatAReaderKeepsNeverShowsAnotherBlock() throws IOException {
    var chain = images.open(threads);
    var guest = new Guest(chain);
    guest.write(0, Guest.filled(BLOCKS * BLOCK, 'a'));
    var kept = new KeptMemory();
    BlockDevice.Lease lease = chain.lease();
    assertTrue(chain.tryRead(0, BLOCK, kept));

    for (int round = 0; round < 3; round++) {
      guest.discard(0, BLOCKS * BLOCK);
      guest.flush();
      guest.write(BLOCK, Guest.filled((BLOCKS - 1) * BLOCK, 'b'));
      guest.flush();
    }

    byte found = kept.memory().get(ValueLayout.JAVA_BYTE, 0);
    assertTrue(found == 'a' || found == 0, "it shows " + found);
    lease.release();
    guest.close();
    images.raw().assertDense();
  }

  /** The write takes the place back while the flush is under way, and is not done when it syncs. */
  @Test
  void zeroesThatAFlushPromisesStayZeroesIfTheBlockIsWrittenDuringIt() throws Exception {
    Guest guest = open();
    guest.write(0, Guest.filled(3 * BLOCK, 'p'));
    guest.close();
    TestChain.create(disk, 1, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
    var two = new TestChain(disk, 2);
    var held = new HeldWrites();
    guest = new Guest(two.open(threads, held));
    guest.write(0, block('a'));
    guest.flush();
    guest.discard(0, BLOCK);
    guest.write(BLOCK + 512, Guest.filled(512, 'c'));

    held.hold(BLOCK);
    held.hold(2 * BLOCK);
    CompletableFuture<Void> flush = guest.submit(request -> request.flush());
    held.awaitArrival(2 * BLOCK); // the commit has begun, and completes the partial block
    CompletableFuture<Void> write = guest.submitWrite(0, block('x'), false);
    held.awaitArrival(BLOCK); // the place is taken back, and nothing written there
    held.release(2 * BLOCK);
    Guest.await(flush);

    try (CrashingDisk found = disk.afterCrash(1, Loss.EVERYTHING)) {
      var later = new Guest(new TestChain(found, 2).open(threads));
      assertArrayEquals(block(0), later.read(0, BLOCK));
      later.close();
    } finally {
      held.release(BLOCK);
    }
    Guest.await(write);
    assertArrayEquals(block('x'), guest.read(0, BLOCK));
    guest.close();
  }

  /** Holds up writes to places in the file, which begin at {@link #BLOCK}. */
  private static final class HeldWrites implements InterceptedFile.Interceptor {
    private final Map<Long, CountDownLatch> arrived = new ConcurrentHashMap<>();
    private final Map<Long, CountDownLatch> released = new ConcurrentHashMap<>();

    void hold(long place) {
      released.put(place, new CountDownLatch(1));
      arrived.put(place, new CountDownLatch(1));
    }

    void awaitArrival(long place) throws InterruptedException {
      assertTrue(arrived.get(place).await(30, TimeUnit.SECONDS), "no write to " + place);
    }

    void release(long place) {
      released.get(place).countDown();
    }

    @Override
    public void before(InterceptedFile.Call call, long offset) {
      long place = offset - offset % BLOCK;
      if (call != InterceptedFile.Call.WRITE || !arrived.containsKey(place)) return;
      arrived.get(place).countDown();
      try {
        released.get(place).await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  // ---- what is left when the disk is closed

  @Test
  void closingMovesNoMoreThanItMayAndLeavesACountThatIsRight() throws IOException {
    Guest guest = open();
    for (int block = 0; block < 6; block++) guest.write(block * BLOCK, block('a' + block));
    guest.flush();
    guest.discard(0, 3 * BLOCK);
    guest.flush();
    try (CrashingDisk found = disk.afterCrash(1, Loss.NOTHING);
        ImageFile file = found.openReadWrite(TestChain.name(0), 0)) {
      VdiImage image = VdiImage.openReadWrite(file);
      for (int block = 0; block < 3; block++) image.map().empty(block);

      Density.make(image, BLOCK);

      RawImage raw = RawImage.of(file).assertDense();
      assertEquals(5, raw.count());
      assertEquals(0, raw.entry(5));
      assertEquals(List.of(-2, 1, 2), List.of(raw.entry(0), raw.entry(1), raw.entry(2)));
    }
    guest.close();
    assertEquals(3, images.raw().assertDense().count());
  }
}
