package dev.varve.io.chain;

import static dev.varve.io.chain.TestChain.vdi;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.BlockDeviceContract;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.device.ReadSink;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiCheck;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running disk gets new tops, and its guest notices nothing. */
class LiveChainTest {

  private static final int CAPACITY = (3 << 20) + 512;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @Nested
  class Contract extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      return LiveChain.open(List.of(image(folder, 0, 5 << 20)), false, threads);
    }
  }

  /** Every test works on the third chain of the disk. */
  @Nested
  class ContractAfterPushes extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      var disk = LiveChain.open(List.of(image(folder, 0, 5 << 20)), false, threads);
      for (int layer = 1; layer <= 2; layer++) {
        disk.hold();
        disk.push(vdi(image(folder, layer, 5 << 20)));
        disk.resume();
      }
      return disk;
    }
  }

  private static Path image(Path folder, int layer, int capacity) throws IOException {
    var image = TestImage.of(capacity).blockSize(1 << 16).uuid(new UUID(1, layer + 1));
    if (layer > 0) image.parent(new UUID(1, layer));
    return image.write(folder.resolve(layer + ".vdi"));
  }

  private Path image(int layer) throws IOException {
    return image(folder, layer, CAPACITY);
  }

  private static void assertClean(Path... images) throws IOException {
    for (Path image : images) {
      assertEquals(VdiCheck.Severity.NOTE, VdiCheck.check(image).severity(), image::toString);
    }
  }

  @Test
  void whatWasWrittenBeforeAPushIsBelowAndWhatCameAfterIsOnTop() throws Exception {
    Path base = image(0);
    Path top = image(1);
    var disk = LiveChain.open(List.of(base), false, threads);
    var guest = new Guest(disk);
    guest.write(100, Guest.filled(70_000, 'b'));

    disk.hold();
    disk.push(vdi(top));
    disk.resume();
    guest.write(0, Guest.filled(200, 't'));

    assertEquals(List.of(base, top), disk.paths());
    byte[] expected = new byte[CAPACITY];
    System.arraycopy(Guest.filled(70_000, 'b'), 0, expected, 100, 70_000);
    byte[] below = expected.clone();
    System.arraycopy(Guest.filled(200, 't'), 0, expected, 0, 200);
    assertArrayEquals(expected, guest.readAll());
    guest.close();
    assertClean(base, top);
    assertArrayEquals(below, contents(base));
    assertArrayEquals(expected, contents(base, top));
  }

  private static byte[] contents(Path... images) throws IOException {
    var guest = new Guest(DifferencingChain.open(List.of(images), true, threads));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  @Test
  void heldDiskServesNothingInPlaceAndAnswersWhenItIsResumed() throws Exception {
    var disk = LiveChain.open(List.of(image(0)), false, threads);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(4096, 'a'));

    disk.hold();
    boolean written = disk.tryWrite(0, Guest.memory(Guest.filled(4096, 'b')));
    boolean read = disk.tryRead(0, 4096, new Nobody());
    CompletableFuture<Void> write = guest.submitWrite(0, Guest.filled(4096, 'c'), true);
    CompletableFuture<Void> flush = guest.submit(request -> request.flush());

    assertFalse(written);
    assertFalse(read);
    assertFalse(write.isDone());
    assertFalse(flush.isDone());
    disk.resume();
    Guest.await(write);
    Guest.await(flush);
    assertArrayEquals(Guest.filled(4096, 'c'), guest.read(0, 4096));
    guest.close();
  }

  private static final class Nobody implements ReadSink {
    @Override
    public void bytes(MemorySegment memory, long offset, int length) {
      throw new AssertionError("served while held");
    }

    @Override
    public void zeroes(int length) {
      throw new AssertionError("served while held");
    }
  }

  @Test
  void leaseFromBeforeAPushDoesNotDelayThePushAndKeepsItsMemory() throws Exception {
    Path base = image(0);
    var disk = LiveChain.open(List.of(base), false, threads);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(1 << 16, 'a'));
    var kept = new KeptMemory();
    BlockDevice.Lease lease = disk.lease();
    assertTrue(disk.tryRead(0, 1 << 16, kept));

    disk.hold();
    disk.push(vdi(image(1)));
    disk.resume();
    guest.write(0, Guest.filled(1 << 16, 'b'));
    guest.discard(0, CAPACITY);
    guest.flush();
    guest.write(1 << 17, Guest.filled(1 << 16, 'c'));

    assertArrayEquals(
        Guest.filled(1 << 16, 'a'), kept.memory().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    CompletableFuture<Void> closing = guest.beginClose();
    assertFalse(closing.isDone());
    lease.release();
    Guest.await(closing);
    assertClean(base, folder.resolve("1.vdi"));
  }

  @Test
  void imageThatIsNoChildOfTheTopIsRefusedAndTheDiskGoesOn() throws Exception {
    Path base = image(0);
    var disk = LiveChain.open(List.of(base), false, threads);
    var guest = new Guest(disk);
    Path stranger =
        TestImage.of(CAPACITY).parent(new UUID(9, 9)).write(folder.resolve("stranger.vdi"));
    Path larger =
        TestImage.of(CAPACITY + 512).parent(new UUID(1, 1)).write(folder.resolve("larger.vdi"));

    disk.hold();
    assertThrows(ImageFormatException.class, () -> disk.push(vdi(stranger)));
    assertThrows(ImageFormatException.class, () -> disk.push(vdi(larger)));
    disk.resume();

    guest.write(0, Guest.filled(512, 'x'));
    assertArrayEquals(Guest.filled(512, 'x'), guest.read(0, 512));
    assertEquals(List.of(base), disk.paths());
    guest.close();
    assertClean(base, stranger, larger);
  }

  @Test
  void imageBelowANewTopCanBeReadByOthersAndTheTopCannot() throws Exception {
    Path base = image(0);
    Path top = image(1);
    var disk = LiveChain.open(List.of(base), false, threads);

    assertThrows(ImageInUseException.class, () -> contents(base));
    disk.hold();
    disk.push(vdi(top));
    disk.resume();

    assertArrayEquals(new byte[CAPACITY], contents(base));
    assertThrows(ImageInUseException.class, () -> contents(base, top));
    new Guest(disk).close();
  }

  @Test
  void imageThatWasTheTopIsLeftDenseThoughItsBlocksWereGivenUpJustBefore() throws Exception {
    Path base = image(0);
    Path top = image(1);
    var disk = LiveChain.open(List.of(base), false, threads);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(10 << 16, 'a'));
    guest.flush();
    guest.discard(0, 7 << 16);

    disk.hold();
    disk.push(vdi(top));
    disk.resume();
    guest.close();

    assertClean(base, top);
  }

  @Test
  void diskThatIsClosedWhileHeldFailsWhatWaitsAndClosesWhenItIsResumed() throws Exception {
    Path base = image(0);
    var disk = LiveChain.open(List.of(base), false, threads);
    var guest = new Guest(disk);

    disk.hold();
    CompletableFuture<Void> write = guest.submitWrite(0, Guest.filled(512, 'x'), false);
    CompletableFuture<Void> closing = guest.beginClose();
    assertFalse(closing.isDone());
    disk.resume();

    assertThrows(DeviceClosedException.class, () -> Guest.await(write));
    Guest.await(closing);
    assertThrows(DeviceClosedException.class, () -> guest.read(0, 512));
    assertThrows(DeviceClosedException.class, disk::hold);
    assertArrayEquals(new byte[512], java.util.Arrays.copyOf(contents(base), 512));
  }
}
