package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.RawImage;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The power goes at every operation of a session: what was flushed is there, and the image is one
 * that opens.
 *
 * <p>{@code -Dvarve.seed=N} repeats one run, {@code -Dvarve.seeds=N} runs so many.
 */
class CrashTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  static LongStream seeds() {
    return Seeds.of(12);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void whatWasFlushedSurvivesAPowerCutAtAnyOperation(long seed) throws Exception {
    try (var start = new Start(seed)) {
      PowerCuts.atEveryOperation(
          seed,
          start,
          n -> List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(seed + n), Loss.any(seed * 31 + n)),
          (found, before, n, _, when) -> recover(start, found, before, new Random(seed + n), when));
    }
  }

  /** Opens what a crash left, checks it, works on it, and lets the power go once more. */
  private static void recover(
      Start start, CrashingDisk disk, Versions before, Random random, String when)
      throws IOException {
    RawImage raw = start.raw(disk);
    try {
      raw.assertSound().assertHeaderKeptSince(start.rawTop);
    } catch (AssertionError e) {
      throw new AssertionError(when, e);
    }
    byte[] found = start.read(disk);
    before.check(found, when);
    if (!raw.isCounted()) nextCommitPutsTheCountRight(start, disk, when);
    if (random.nextInt(4) != 0) return;

    boolean crashes = random.nextBoolean();
    if (crashes) disk.losePowerAt(disk.operations() + random.nextInt(40));
    Versions versions = new Versions(found, start.wholeSectors);
    boolean finished = start.session(disk, start.shorter(random), versions);
    if (finished) {
      assertArrayEquals(versions.last(), start.read(disk), when + ", then closed");
      start.raw(disk).assertDense();
    } else {
      try (CrashingDisk again = disk.afterCrash(random.nextLong())) {
        start.raw(again).assertSound();
        versions.check(start.read(again), when + ", then once more");
      }
    }
  }

  /** Also if the guest changes nothing, and the power goes right afterwards. */
  private static void nextCommitPutsTheCountRight(Start start, CrashingDisk disk, String when)
      throws IOException {
    try (CrashingDisk opened = disk.afterCrash(1, Loss.NOTHING)) {
      new Guest(new TestChain(opened, start.depth).open(threads)).flush();
      try (CrashingDisk found = opened.afterCrash(1, Loss.EVERYTHING)) {
        for (int layer = 0; layer < start.depth; layer++)
          new TestChain(found, start.depth).raw(layer).assertCounted();
      }
    } catch (AssertionError e) {
      throw new AssertionError(when + ", opened again", e);
    }
  }

  /** A disk with a chain of a random shape, and what is done to it. */
  private static final class Start implements PowerCuts.Start, AutoCloseable {
    final List<Request> requests;
    final boolean wholeSectors;
    final RawImage rawTop;
    private final CrashingDisk disk;
    private final int depth;
    private final byte[] contents;
    private final int blockSize;
    private final boolean concurrent;

    Start(long seed) throws IOException {
      var random = new Random(seed);
      disk = new CrashingDisk(seed);
      byte[] contents = new byte[0];
      int blockSize = 0;
      boolean wholeSectors = true;
      int depth = 1 + random.nextInt(3);
      concurrent = random.nextInt(3) == 0;
      for (int layer = 0; layer < depth; layer++) {
        int capacity = (random.nextInt(200) + 30) * 512;
        blockSize = 4096 << random.nextInt(5);
        int extra = random.nextInt(4) == 0 ? 512 << random.nextInt(3) : 0;
        TestImage image = TestImage.of(capacity).blockSize(blockSize).extra(extra);
        wholeSectors = true;
        if (random.nextInt(3) == 0) {
          int data = 472 + 4 * 64 + random.nextInt(700);
          image.mapOffset(472).dataOffset(data);
          wholeSectors = data % 512 == 0;
        }
        TestChain.create(disk, layer, image);
        contents = Arrays.copyOf(contents, capacity);
        if (layer < depth - 1 || random.nextBoolean()) {
          contents =
              settle(layer + 1, contents, RandomRequests.of(random, 30, capacity, blockSize));
        }
      }
      this.depth = depth;
      this.contents = contents;
      this.blockSize = blockSize;
      this.wholeSectors = wholeSectors;
      if (random.nextInt(3) == 0) leavePlaces(random);
      requests = RandomRequests.of(random, 25, contents.length, blockSize);
      rawTop = raw(disk);
    }

    /**
     * The file gets places at its end that no entry names, full of garbage, as a crash leaves them.
     */
    private void leavePlaces(Random random) throws IOException {
      try (ImageFile file = disk.openReadWrite(TestChain.name(depth - 1), 0)) {
        file.write(
            file.length(), Guest.memory(Guest.filled(1 + random.nextInt(3 * blockSize), 0xEE)));
        file.sync();
      }
    }

    private byte[] settle(int depth, byte[] contents, List<Request> requests) throws IOException {
      Versions versions = new Versions(contents, true);
      assertTrue(session(new TestChain(disk, depth), requests, versions));
      return versions.last();
    }

    @Override
    public void close() throws IOException {
      disk.close();
    }

    @Override
    public CrashingDisk copy() throws IOException {
      return disk.afterCrash(1, Loss.NOTHING);
    }

    @Override
    public Versions versions() {
      return new Versions(contents, wholeSectors);
    }

    List<Request> shorter(Random random) {
      return RandomRequests.of(random, 8, contents.length, blockSize);
    }

    RawImage raw(CrashingDisk disk) throws IOException {
      return new TestChain(disk, depth).raw();
    }

    byte[] read(CrashingDisk disk) throws IOException {
      var guest = new Guest(new TestChain(disk, depth).open(threads));
      byte[] contents = guest.readAll();
      guest.close();
      return contents;
    }

    @Override
    public boolean session(CrashingDisk disk, Versions versions) throws IOException {
      return session(disk, requests, versions);
    }

    boolean session(CrashingDisk disk, List<Request> requests, Versions versions)
        throws IOException {
      return session(new TestChain(disk, depth), requests, versions);
    }

    /** Carries out the requests and closes; false if the power went. */
    private boolean session(TestChain images, List<Request> requests, Versions versions)
        throws IOException {
      var guest = new Guest(images.open(threads));
      try {
        for (int i = 0; i < requests.size(); ) {
          int end = concurrent ? endOfBatch(requests, i) : i + 1;
          PowerCuts.carryOut(guest, requests.subList(i, end), versions);
          i = end;
        }
      } catch (IOException e) {
        if (!images.disk.hasLostPower()) throw e;
      }
      return PowerCuts.close(images.disk, guest, versions);
    }

    /** Up to five requests that have no sector in common. */
    private static int endOfBatch(List<Request> requests, int start) {
      int end = start + 1;
      while (end < requests.size() && end < start + 5) {
        Request next = requests.get(end);
        for (Request earlier : requests.subList(start, end)) {
          if (next.offset() < earlier.end() + 512 && earlier.offset() < next.end() + 512)
            return end;
        }
        end++;
      }
      return end;
    }
  }
}
