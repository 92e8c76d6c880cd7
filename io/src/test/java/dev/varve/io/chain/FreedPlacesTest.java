package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.device.BlockDevice;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of the places in the file that discarded blocks leave. */
class FreedPlacesTest {

  private static final int BLOCK = 4096;
  private static StorageThreads threads;

  private CrashingDisk disk;
  private TestChain images;

  @BeforeAll
  static void start() {
    threads = new StorageThreads(4);
  }

  @AfterAll
  static void stop() {
    threads.close();
  }

  @BeforeEach
  void create() throws IOException {
    disk = new CrashingDisk(1);
    TestChain.create(disk, 0, TestImage.of(4 * BLOCK).blockSize(BLOCK));
    images = new TestChain(disk, 1);
  }

  @AfterEach
  void close() throws IOException {
    disk.close();
  }

  @Test
  void aDiskThatIsFullToTheLastBlockCanBeDiscardedAndWrittenAgain() throws IOException {
    var chain = images.open(threads);
    var guest = new Guest(chain);
    guest.write(0, Guest.filled(4 * BLOCK, 'a'));

    for (int round = 0; round < 50; round++) {
      guest.discard(0, 4 * BLOCK);
      guest.submit(request -> request.flush());
      guest.write(0, Guest.filled(4 * BLOCK, 'b' + round % 20));
    }

    assertArrayEquals(Guest.filled(4 * BLOCK, 'b' + 49 % 20), guest.readAll());
    guest.close();
    images.raw().assertDense();
  }

  @Test
  void aWriteThatFindsNoPlaceWaitsForTheReaderWhoKeepsTheLastOne() throws IOException {
    var chain = images.open(threads);
    var guest = new Guest(chain);
    guest.write(0, Guest.filled(4 * BLOCK, 'a'));
    var kept = new KeptMemory();
    BlockDevice.Lease lease = chain.lease();
    assertEquals(true, chain.tryRead(0, BLOCK, kept));

    guest.discard(0, BLOCK);
    CompletableFuture<Void> written = guest.submitWrite(0, Guest.filled(BLOCK, 'b'), false);
    guest.read(BLOCK, BLOCK);
    assertArrayEquals(Guest.filled(BLOCK, 'a'), kept.memory().toArray(ValueLayout.JAVA_BYTE));
    lease.release();
    Guest.await(written);

    assertArrayEquals(Guest.filled(BLOCK, 'b'), guest.read(0, BLOCK));
    guest.close();
    images.raw().assertDense();
  }
}
