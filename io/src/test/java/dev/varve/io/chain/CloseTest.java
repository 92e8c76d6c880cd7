package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Closing a disk lets the running requests end, fails the waiting ones, and leaves a clean file.
 */
@Timeout(300)
class CloseTest {

  private static final int BLOCK = 4096;
  private static final int BLOCKS = 64;

  private final List<CrashingDisk> disks = new ArrayList<>();

  @BeforeEach
  void create() throws IOException {
    for (int i = 0; i < 6; i++) {
      var disk = new CrashingDisk(i);
      TestChain.create(disk, 0, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
      disks.add(disk);
    }
  }

  @AfterEach
  void remove() throws IOException {
    for (CrashingDisk disk : disks) disk.close();
  }

  private TestChain image(int disk) {
    return new TestChain(disks.get(disk), 1);
  }

  @Test
  void moreDisksThanThereAreThreadsCloseAtOnceUnderLoad() throws IOException {
    try (var threads = new StorageThreads(2)) {
      List<CompletableFuture<Void>> written = new ArrayList<>();
      List<Guest> guests = new ArrayList<>();
      for (int i = 0; i < disks.size(); i++) guests.add(new Guest(image(i).open(threads)));
      for (int block = 0; block < BLOCKS; block++) {
        byte[] data = Guest.filled(BLOCK, 1 + block);
        for (Guest guest : guests)
          written.add(guest.submitWrite((long) block * BLOCK, data, false));
      }

      List<CompletableFuture<Void>> closed = guests.stream().map(Guest::beginClose).toList();

      for (var answer : written) Guest.await(answer);
      for (var answer : closed) Guest.await(answer);
      for (int i = 0; i < disks.size(); i++)
        assertEquals(BLOCKS, image(i).raw().assertDense().count());
    }
  }

  @Test
  void aReaderWhoKeepsOneDiskFromClosingKeepsNoOtherWaiting() throws IOException {
    try (var threads = new StorageThreads(1)) {
      var kept = image(0).open(threads);
      var other = new Guest(image(1).open(threads));
      BlockDevice.Lease lease = kept.lease();

      CompletableFuture<Void> closed = new Guest(kept).beginClose();
      other.write(0, Guest.filled(BLOCK, 'a'));
      other.close();
      lease.release();

      Guest.await(closed);
    }
  }

  @Test
  void requestsAfterTheCloseAreToldSo() throws IOException {
    try (var threads = new StorageThreads(1)) {
      var guest = new Guest(image(0).open(threads));
      guest.close();

      var answer = guest.submitWrite(0, Guest.filled(BLOCK, 'a'), false);

      assertThrows(DeviceClosedException.class, () -> Guest.await(answer));
    }
  }

  @Test
  void countThatWasTooLowIsCorrectedThoughNothingWasWritten() throws IOException {
    try (var threads = new StorageThreads(1)) {
      var guest = new Guest(image(0).open(threads));
      guest.write(0, Guest.filled(3 * BLOCK, 'a'));
      guest.close();
      put(0, 388, 1);

      new Guest(image(0).open(threads)).close();

      assertEquals(3, image(0).raw().assertDense().count());
    }
  }

  @Test
  void placesThatACrashLeftAreGivenBackThoughNothingWasWritten() throws IOException {
    try (var threads = new StorageThreads(1)) {
      var guest = new Guest(image(0).open(threads));
      guest.write(0, Guest.filled(3 * BLOCK, 'a'));
      guest.close();
      put(0, 512, -1); // block 0 loses its place, which stays behind
      put(0, 388, 7);

      guest = new Guest(image(0).open(threads));
      assertArrayEquals(Guest.filled(2 * BLOCK, 'a'), guest.read(BLOCK, 2 * BLOCK));
      guest.close();

      assertEquals(2, image(0).raw().assertDense().count());
      guest = new Guest(image(0).open(threads));
      assertArrayEquals(Guest.filled(BLOCK, 0), guest.read(0, BLOCK));
      assertArrayEquals(Guest.filled(2 * BLOCK, 'a'), guest.read(BLOCK, 2 * BLOCK));
      guest.close();
    }
  }

  @Test
  void whatAKilledServerReservedIsCutOffThoughNothingWasWritten() throws IOException {
    try (var threads = new StorageThreads(1)) {
      var guest = new Guest(image(0).open(threads));
      guest.write(0, Guest.filled(3 * BLOCK, 'a'));
      guest.close();
      long length = image(0).raw().fileLength();
      try (ImageFile file = disks.get(0).openReadWrite(TestChain.name(0), 0)) {
        file.reserve(length, 5 * BLOCK);
        file.sync();
      }

      new Guest(image(0).open(threads)).close();

      assertEquals(length, image(0).raw().assertDense().fileLength());
    }
  }

  @Test
  void whatACrashLeftInAParentIsPutRightWhenItsChildIsOpened() throws IOException {
    try (var threads = new StorageThreads(1)) {
      var guest = new Guest(image(0).open(threads));
      guest.write(0, Guest.filled(4 * BLOCK, 'a'));
      guest.close();
      put(0, 512, -1); // block 0 loses its place, which stays behind
      put(0, 388, 9);
      TestChain.create(disks.get(0), 1, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
      var two = new TestChain(disks.get(0), 2);

      guest = new Guest(two.open(threads));

      try (CrashingDisk found = disks.get(0).afterCrash(1, Loss.EVERYTHING)) {
        new TestChain(found, 2).raw(0).assertDense();
      }
      assertArrayEquals(Guest.filled(BLOCK, 0), guest.read(0, BLOCK));
      assertArrayEquals(Guest.filled(3 * BLOCK, 'a'), guest.read(BLOCK, 3 * BLOCK));
      guest.close();
    }
  }

  /** In a differencing image no block reads as zeroes whatever lies below, so one has to move. */
  @Test
  void placesThatACrashLeftBetweenOthersAreFilledAtOnce() throws IOException {
    try (var threads = new StorageThreads(1)) {
      TestChain.create(disks.get(0), 1, TestImage.of(BLOCKS * BLOCK).blockSize(BLOCK));
      var two = new TestChain(disks.get(0), 2);
      var guest = new Guest(two.open(threads));
      for (int block = 0; block < 4; block++)
        guest.write(block * BLOCK, Guest.filled(BLOCK, 'a' + block));
      guest.close();
      put(two.top(), 0, 512 + 4, -1); // block 1 was not yet named when the power went

      guest = new Guest(two.open(threads));
      guest.flush();

      try (CrashingDisk found = disks.get(0).afterCrash(1, Loss.EVERYTHING)) {
        assertEquals(3, new TestChain(found, 2).raw().assertCounted().count());
      }
      assertArrayEquals(Guest.filled(BLOCK, 'a'), guest.read(0, BLOCK));
      assertArrayEquals(Guest.filled(BLOCK, 0), guest.read(BLOCK, BLOCK));
      assertArrayEquals(Guest.filled(BLOCK, 'd'), guest.read(3 * BLOCK, BLOCK));
      guest.close();
    }
  }

  /** Changes a number in an image's file. */
  private void put(int disk, long offset, int value) throws IOException {
    put(TestChain.name(0), disk, offset, value);
  }

  private void put(String name, int disk, long offset, int value) throws IOException {
    byte[] bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
    try (ImageFile file = disks.get(disk).openReadWrite(name, 0)) {
      file.write(offset, Guest.memory(bytes));
      file.sync();
    }
  }
}
