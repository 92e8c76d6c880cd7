package dev.varve.io.vhost;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.LiveChain;
import dev.varve.io.chain.LiveMerge;
import dev.varve.io.posix.Posix;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiCheck;
import dev.varve.io.vhost.TestGuest.Buffer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The memory of a guest goes while it writes, and while images of its disk are merged. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class TruncatedDuringMergeTest {

  private static final int MIB = 1 << 20;
  private static final int CAPACITY = 2 * MIB;
  private static final int BLOCK = 64 << 10;
  private static final int BLOCKS = CAPACITY / BLOCK;
  private static final int PAGE = 4096;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;
  private final byte[] contents = new byte[CAPACITY];

  /** Into the top; from the top into the image below; below the top. */
  @ParameterizedTest
  @CsvSource({"1, 2", "2, 1", "0, 1", "1, 0"})
  void mergeAndDiskAreWhole(int source, int target) throws Exception {
    LiveChain chain = LiveChain.open(List.of(image(0)), false, threads);
    try (var disk = new TestDisk(chain)) {
      fillThreeImages(chain, disk);
      try (var hostile = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
        hostile.read(0, PAGE); // its memory is known
        var step = new int[1];
        Progress progress =
            (_, _) -> {
              if (step[0]++ == 1) writeFromMemoryThatGoes(hostile);
              return true;
            };
        merge(chain, source, target, progress);
        hostile.stopQueue();
        assertTrue(step[0] > 1, "the merge was over before the memory went");
      }
      try (var next = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
        byte[] read = next.read(0, CAPACITY);
        forgetWhatWasWritten(read);
        forgetWhatWasWritten(contents);
        assertArrayEquals(contents, read);
        assertEquals(BlockRequests.OK, next.write(0, new byte[PAGE]));
        assertEquals(BlockRequests.OK, next.request(TestGuest.FLUSH, 0, 0, 0, false));
      }
    }
    List<Path> left = chain.paths();
    chain.close().toCompletableFuture().join();
    for (Path image : left)
      assertEquals(VdiCheck.Severity.NOTE, VdiCheck.check(image).severity(), image::toString);
  }

  private Path image(int layer) throws IOException {
    var image = TestImage.of(CAPACITY).blockSize(BLOCK).uuid(new UUID(1, layer + 1));
    if (layer > 0) image.parent(new UUID(1, layer));
    return image.write(path(layer));
  }

  private Path path(int layer) {
    return folder.resolve(layer + ".vdi");
  }

  /** Each image has some blocks of its own, some of them in part. */
  private void fillThreeImages(LiveChain chain, TestDisk disk) throws Exception {
    var random = new Random(17);
    try (var guest = new TestGuest(disk.socket, 128, 4 * MIB).start(0)) {
      for (int layer = 0; layer < 3; layer++) {
        if (layer > 0) push(chain, image(layer));
        for (int block = layer; block < BLOCKS; block += 2 + layer) {
          byte[] data = new byte[block % 3 == 0 ? BLOCK : PAGE];
          random.nextBytes(data);
          assertEquals(BlockRequests.OK, guest.write(block * BLOCK / 512, data));
          System.arraycopy(data, 0, contents, block * BLOCK, data.length);
          guest.reuse();
        }
      }
    }
  }

  private static void push(LiveChain chain, Path image) throws IOException {
    chain.hold();
    chain.push(new Image(image, ImageFormat.VDI, null));
    chain.resume();
  }

  private void merge(LiveChain chain, int source, int target, Progress progress)
      throws IOException {
    LiveMerge merge = chain.merge(path(source), path(target), progress);
    assertNotNull(merge);
    chain.hold();
    merge.complete();
    chain.finish(merge);
    chain.resume();
  }

  /** A page into the middle of every block, allocated in the top image or not. */
  private static void writeFromMemoryThatGoes(TestGuest guest) {
    guest.place(MIB);
    long data = guest.place(PAGE);
    guest.reuse();
    for (int block = 0; block < BLOCKS; block++)
      guest.offer(
          guest.chain(
              new Buffer(
                  guest.put(guest.header(TestGuest.OUT, (block * BLOCK + PAGE) / 512)), 16, false),
              new Buffer(data, PAGE, false),
              new Buffer(guest.place(1), 1, true)));
    try {
      Posix.ftruncate(guest.memory, MIB);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    guest.publish();
  }

  private static void forgetWhatWasWritten(byte[] disk) {
    for (int at = PAGE; at < CAPACITY; at += BLOCK) Arrays.fill(disk, at, at + PAGE, (byte) 0);
  }
}
