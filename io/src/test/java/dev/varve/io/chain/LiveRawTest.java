package dev.varve.io.chain;

import static dev.varve.io.chain.TestChain.vdi;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.BlockDeviceContract;
import dev.varve.core.device.DeviceClosedException;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Progress;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.host.LoopDevice;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A raw file or device that a machine runs on gets images on top, and gets back what they hold. */
class LiveRawTest {

  private static final int CAPACITY = (3 << 20) + 512;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  // ---- every state of it is a device like any other

  @Nested
  class ContractWhenAlone extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      return LiveChain.openRaw(raw(folder, 5 << 20), false, threads);
    }
  }

  @Nested
  class ContractBelowANewTop extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      var disk = LiveChain.openRaw(raw(folder, 5 << 20), false, threads);
      push(disk, child(folder, 1, 5 << 20));
      return disk;
    }
  }

  @Nested
  class ContractWhenAloneAgain extends BlockDeviceContract {
    @TempDir Path folder;

    @Override
    protected BlockDevice open() throws IOException {
      Path raw = raw(folder, 5 << 20);
      Path top = child(folder, 1, 5 << 20);
      var disk = LiveChain.openRaw(raw, false, threads);
      push(disk, top);
      merge(disk, top, raw);
      return disk;
    }
  }

  private static Path raw(Path folder, int capacity) throws IOException {
    return Files.write(folder.resolve("0.img"), new byte[capacity]);
  }

  private Path raw() throws IOException {
    return raw(folder, CAPACITY);
  }

  /** The image of a layer above the raw one, which is layer 0. */
  private static Path child(Path folder, int layer, int capacity) throws IOException {
    return TestImage.of(capacity)
        .blockSize(1 << 16)
        .uuid(new UUID(1, layer + 1))
        .parent(new UUID(1, layer))
        .write(folder.resolve(layer + ".vdi"));
  }

  private Path child(int layer) throws IOException {
    return child(folder, layer, CAPACITY);
  }

  private static void push(LiveChain disk, Path top) throws IOException {
    disk.prepareToHold();
    disk.hold();
    disk.push(vdi(top));
    disk.resume();
  }

  private static void merge(LiveChain disk, Path source, Path target) throws IOException {
    LiveMerge merge = disk.merge(source, target, Progress.NONE);
    assertNotNull(merge);
    disk.prepareToHold();
    disk.hold();
    merge.complete();
    disk.finish(merge);
    disk.resume();
  }

  private static LiveChain onRaw(boolean readOnly, Path... chain) throws IOException {
    var images = ImageChain.of(ImageFormat.VDI, List.of(chain)).withBase(ImageFormat.RAW);
    return LiveChain.open(images, readOnly, new SharedFiles(), threads);
  }

  private static byte[] contents(Path... chain) throws IOException {
    var guest = new Guest(onRaw(true, chain));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  // ---- a new top

  @Test
  void whatWasWrittenBeforeAPushIsInTheFileAndWhatCameAfterIsNot() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);
    guest.write(100, Guest.filled(70_000, 'b'));

    push(disk, top);
    guest.write(0, Guest.filled(200, 't'));

    byte[] below = new byte[CAPACITY];
    Arrays.fill(below, 100, 70_100, (byte) 'b');
    byte[] expected = below.clone();
    Arrays.fill(expected, 0, 200, (byte) 't');
    assertEquals(List.of(raw, top), disk.paths());
    assertArrayEquals(expected, guest.readAll());
    guest.close();
    assertArrayEquals(below, Files.readAllBytes(raw));
    assertArrayEquals(expected, contents(raw, top));
  }

  @Test
  void heldDiskServesNothingInPlaceAndAnswersWhenItIsResumed() throws Exception {
    var disk = LiveChain.openRaw(raw(), false, threads);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(4096, 'a'));

    disk.hold();
    boolean written = disk.tryWrite(0, Guest.memory(Guest.filled(4096, 'b')));
    CompletableFuture<Void> write = guest.submitWrite(0, Guest.filled(4096, 'c'), true);
    CompletableFuture<Void> flush = guest.submit(request -> request.flush());

    assertFalse(written);
    assertFalse(write.isDone());
    assertFalse(flush.isDone());
    disk.resume();
    Guest.await(write);
    Guest.await(flush);
    assertArrayEquals(Guest.filled(4096, 'c'), guest.read(0, 4096));
    guest.close();
  }

  @Test
  void leaseFromBeforeAPushAndAMergeKeepsTheDiskFromClosing() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(1 << 16, 'a'));
    var kept = new KeptMemory();
    BlockDevice.Lease lease = disk.lease();
    assertTrue(disk.tryRead(0, 1 << 16, kept));

    push(disk, top);
    merge(disk, top, raw);
    CompletableFuture<Void> closing = guest.beginClose();

    assertArrayEquals(Guest.filled(1 << 16, 'a'), kept.memory().toArray(ValueLayout.JAVA_BYTE));
    assertFalse(closing.isDone());
    lease.release();
    Guest.await(closing);
  }

  @Test
  void imageThatIsNoChildOfItOrOfAnotherSizeIsRefusedAndTheDiskGoesOn() throws Exception {
    Path raw = raw();
    var disk = LiveChain.openRaw(raw, false, threads);
    Path base = TestImage.of(CAPACITY).write(folder.resolve("base.vdi"));
    Path larger = child(folder, 1, CAPACITY + 512);

    disk.hold();
    assertThrows(IOException.class, () -> disk.push(vdi(base)));
    assertThrows(IOException.class, () -> disk.push(vdi(larger)));
    disk.resume();

    var guest = new Guest(disk);
    guest.write(0, Guest.filled(512, 'x'));
    assertEquals(List.of(raw), disk.paths());
    guest.close();
    assertEquals('x', Files.readAllBytes(raw)[0]);
  }

  @Test
  void rawFileCanBeReadByOthersWhileItIsBelowAndOnlyThen() throws Exception {
    Path raw = raw();
    Path top = child(1);
    Path other = Files.copy(top, folder.resolve("other.vdi"));
    var disk = LiveChain.openRaw(raw, false, threads);

    assertThrows(ImageInUseException.class, () -> contents(raw, other));
    push(disk, top);
    assertArrayEquals(new byte[CAPACITY], contents(raw, other));
    merge(disk, top, raw);
    assertThrows(ImageInUseException.class, () -> contents(raw, other));
    new Guest(disk).close();
  }

  @Test
  void diskThatIsClosedWhileHeldFailsWhatWaitsAndClosesWhenItIsResumed() throws Exception {
    Path raw = raw();
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);

    disk.hold();
    CompletableFuture<Void> write = guest.submitWrite(0, Guest.filled(512, 'x'), false);
    CompletableFuture<Void> closing = guest.beginClose();
    assertFalse(closing.isDone());
    disk.resume();

    assertThrows(DeviceClosedException.class, () -> Guest.await(write));
    Guest.await(closing);
    assertThrows(DeviceClosedException.class, disk::hold);
    assertArrayEquals(new byte[CAPACITY], Files.readAllBytes(raw));
  }

  // ---- merged away

  @Test
  void topThatIsMergedLeavesAPlainRawDiskThatGoesOn() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(CAPACITY, 'b'));
    push(disk, top);
    guest.write(100, Guest.filled(70_000, 't'));
    guest.discard(1 << 20, 1 << 20);

    merge(disk, top, raw);
    Files.delete(top);
    guest.write(200, Guest.filled(10, 'r'));

    byte[] expected = Guest.filled(CAPACITY, 'b');
    Arrays.fill(expected, 100, 70_100, (byte) 't');
    Arrays.fill(expected, 1 << 20, 2 << 20, (byte) 0);
    Arrays.fill(expected, 200, 210, (byte) 'r');
    assertEquals(List.of(raw), disk.paths());
    assertArrayEquals(expected, guest.readAll());
    guest.close();
    assertArrayEquals(expected, Files.readAllBytes(raw));
  }

  @Test
  void imageInTheMiddleIsMergedIntoTheRawOne() throws Exception {
    Path raw = raw();
    Path middle = child(1);
    Path top = child(2);
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);
    push(disk, middle);
    guest.write(0, Guest.filled(100_000, 'm'));
    push(disk, top);
    guest.write(50_000, Guest.filled(100_000, 't'));

    merge(disk, middle, raw);
    Files.delete(middle);

    byte[] below = new byte[CAPACITY];
    Arrays.fill(below, 0, 100_000, (byte) 'm');
    byte[] expected = below.clone();
    Arrays.fill(expected, 50_000, 150_000, (byte) 't');
    assertEquals(List.of(raw, top), disk.paths());
    assertArrayEquals(expected, guest.readAll());
    guest.close();
    assertArrayEquals(below, Files.readAllBytes(raw));
    assertArrayEquals(expected, contents(raw, top));
  }

  @Test
  void rawImageIsNeverMergedUp() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = LiveChain.openRaw(raw, false, threads);
    push(disk, top);

    var refused = assertThrows(IOException.class, () -> disk.merge(raw, top, Progress.NONE));

    assertTrue(refused.getMessage().contains(raw.toString()), refused.getMessage());
    merge(disk, top, raw);
    new Guest(disk).close();
  }

  @Test
  void chainThatWasOpenedOnARawBaseIsMergedDownToIt() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = onRaw(false, raw, top);
    var guest = new Guest(disk);
    guest.write(0, Guest.filled(1000, 't'));

    merge(disk, top, raw);
    Path next = Files.createDirectory(folder.resolve("next"));
    push(disk, child(next, 1, CAPACITY));
    guest.write(0, Guest.filled(500, 'u'));

    assertEquals('t', Files.readAllBytes(raw)[0]);
    assertEquals('u', guest.read(0, 1)[0]);
    guest.close();
  }

  // ---- files that others took away

  @Test
  void nothingIsBuiltOnOrMergedIntoAFileThatIsNotFoundUnderItsNameAnyMore() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);
    Path kept = Files.createLink(folder.resolve("kept.img"), raw);

    Files.write(Files.createFile(folder.resolve("other.img")), new byte[CAPACITY]);
    Files.move(folder.resolve("other.img"), raw, StandardCopyOption.REPLACE_EXISTING);
    var replaced = assertThrows(IOException.class, disk::prepareToHold);
    assertTrue(replaced.getMessage().contains(raw.toString()), replaced.getMessage());
    Files.delete(raw);
    assertThrows(IOException.class, disk::prepareToHold);

    Files.move(kept, raw);
    push(disk, top);
    guest.write(0, Guest.filled(1000, 't'));
    Files.move(raw, kept);
    assertThrows(IOException.class, () -> disk.merge(top, raw, Progress.NONE));
    Files.move(kept, raw);
    merge(disk, top, raw);
    guest.close();
    assertEquals('t', Files.readAllBytes(raw)[0]);
  }

  @Test
  void nothingIsMergedIntoAFileThatWasCut() throws Exception {
    Path raw = raw();
    Path top = child(1);
    var disk = LiveChain.openRaw(raw, false, threads);
    var guest = new Guest(disk);
    push(disk, top);
    guest.write(CAPACITY - 512, Guest.filled(512, 't'));

    setLength(raw, 1 << 20);
    var refused = assertThrows(IOException.class, () -> disk.merge(top, raw, Progress.NONE));

    assertTrue(refused.getMessage().contains("1048576 bytes"), refused.getMessage());
    assertEquals(1 << 20, Files.size(raw));
    setLength(raw, CAPACITY);
    assertThrows(IOException.class, guest::close); // what was cut must be opened anew
    var anew =
        LiveChain.open(
            ImageChain.of(ImageFormat.VDI, List.of(raw, top)).withBase(ImageFormat.RAW),
            false,
            new SharedFiles(),
            threads);
    merge(anew, top, raw);
    new Guest(anew).close();
    assertEquals('t', Files.readAllBytes(raw)[CAPACITY - 1]);
  }

  private static void setLength(Path file, long length) throws IOException {
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(length);
    }
  }

  // ---- a device

  @Test
  @NeedsTools("losetup")
  void deviceWithLargeSectorsGetsATopAndTakesItBack() throws Exception {
    int capacity = 3 << 20;
    try (var loop = LoopDevice.over(raw(folder, capacity), 4096)) {
      Path top = child(folder, 1, capacity);
      var disk = LiveChain.openRaw(loop.path(), false, threads);
      var guest = new Guest(disk);
      guest.write(0, Guest.filled(capacity, 'd'));
      guest.write(4095, Guest.filled(3, 'u'));

      push(disk, top);
      guest.write(10_001, Guest.filled(20_000, 't'));
      guest.discard(1 << 20, 100_001);
      merge(disk, top, loop.path());
      guest.write(12_287, Guest.filled(3, 'r'));

      byte[] expected = Guest.filled(capacity, 'd');
      Arrays.fill(expected, 4095, 4098, (byte) 'u');
      Arrays.fill(expected, 10_001, 30_001, (byte) 't');
      Arrays.fill(expected, 1 << 20, (1 << 20) + 100_001, (byte) 0);
      Arrays.fill(expected, 12_287, 12_290, (byte) 'r');
      assertArrayEquals(expected, guest.readAll());
      guest.close();
      assertArrayEquals(expected, Files.readAllBytes(loop.path()));
    }
  }

  @Test
  @NeedsTools("losetup")
  void deviceBelowAChainIsClaimedWhenSomethingIsMergedIntoIt() throws Exception {
    int capacity = 3 << 20;
    try (var loop = LoopDevice.over(raw(folder, capacity), 512)) {
      Path top = child(folder, 1, capacity);
      var disk = onRaw(false, loop.path(), top);
      var guest = new Guest(disk);
      guest.write(0, Guest.filled(1000, 't'));

      merge(disk, top, loop.path());

      assertThrows(ImageInUseException.class, () -> LiveChain.openRaw(loop.path(), false, threads));
      assertArrayEquals(Guest.filled(1000, 't'), guest.read(0, 1000));
      guest.close();
    }
  }
}
