package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.host.RawLayer;
import dev.varve.io.host.RawMedium;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Images of chains of random shapes are merged, in both directions, and every image that is left
 * shows what a plain array says.
 *
 * <p>{@code -Dvarve.seed=N} repeats one run, {@code -Dvarve.seeds=N} runs so many.
 */
class MergeTest {

  private static final long ROOMY = Long.MAX_VALUE;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  static LongStream seeds() {
    return Seeds.of(60);
  }

  static LongStream fewSeeds() {
    return Seeds.of(8);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void targetAloneShowsWhatTheUpperOfTheTwoShowed(long seed) throws Exception {
    try (var made = new Made(seed)) {
      if (made.refusesToGrow()) return;

      assertTrue(made.merge(made.disk, ROOMY, Progress.NONE));

      made.assertSameWithSources(made.disk, "merged");
      made.assertMerged(made.disk, "merged");
    }
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("fewSeeds")
  void mergeThatAPowerCutEndedAnywhereHasDoneNoHarmAndCanBeDoneAgain(long seed) throws Exception {
    try (var made = new Made(seed)) {
      if (made.refusesToGrow()) return;
      boolean finished = false;
      for (long n = 0; !finished; n++) {
        try (CrashingDisk disk = made.copy()) {
          disk.losePowerAt(n);
          finished = made.mergesUntilThePowerGoes(disk);
          for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(seed + n))) {
            String when = "varve.seed=" + seed + ", power cut at operation " + n + ", " + loss;
            try (CrashingDisk found = disk.afterCrash(seed, loss)) {
              made.assertSameWithSources(found, when);
              if (finished) made.assertMerged(found, when + ", finished");
              made.merge(found, ROOMY, Progress.NONE);
              made.assertSameWithSources(found, when + ", merged again");
              made.assertMerged(found, when + ", merged again");
            }
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void mergeThatIsCancelledAnywhereHasDoneNoHarm(long seed) throws Exception {
    try (var made = new Made(seed)) {
      if (made.refusesToGrow()) return;
      var random = new Random(seed);
      int asked = random.nextInt(20);
      var left = new int[] {asked};

      boolean done = made.merge(made.disk, ROOMY, (_, _) -> left[0]-- > 0);

      made.assertSameWithSources(made.disk, "seed " + seed);
      if (done) made.assertMerged(made.disk, "seed " + seed);
      else if (!made.forward()) made.assertTargetAsItWas(made.disk, "seed " + seed);
    }
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void mergeForWhichThereIsNoSpaceIsRefusedBeforeItChangesAnything(long seed) throws Exception {
    try (var made = new Made(seed)) {
      if (made.refusesToGrow()) return;
      try {
        made.merge(made.disk, 0, Progress.NONE);
        made.assertMerged(made.disk, "needed no space, seed " + seed);
      } catch (OutOfSpaceException e) {
        assertTrue(e.getMessage().contains("bytes"), e.getMessage());
        made.assertTargetAsItWas(made.disk, "seed " + seed);
        made.assertSameWithSources(made.disk, "seed " + seed);
      }
    }
  }

  /** One operation of a merge into a raw file fails, each in turn. */
  @Test
  void mergeIntoARawFileThatFailedSaysWhetherTheFileHasChanged() throws Exception {
    int block = 4096;
    byte[] before = Guest.filled(16 * block, 'r');
    byte[] after = before.clone();
    Arrays.fill(after, block, 2 * block, (byte) 'c');
    Arrays.fill(after, 9 * block, 11 * block, (byte) 'c');
    try (var made = new CrashingDisk(1)) {
      for (int layer = 0; layer < 2; layer++)
        TestChain.create(made, layer, TestImage.of(before.length).blockSize(block));
      var guest = new Guest(new TestChain(made, 2).open(threads));
      guest.write(block, Guest.filled(block, 'c'));
      guest.write(9 * block, Guest.filled(2 * block, 'c'));
      guest.close();
      try (ImageFile raw = made.create("raw", before.length)) {
        raw.setLength(before.length);
        raw.write(0, Guest.memory(before));
        raw.sync();
      }
      boolean failed = true;
      for (long n = 0; failed; n++) {
        try (CrashingDisk disk = made.afterCrash(1, Loss.NOTHING)) {
          disk.failAt(n);
          failed = false;
          try {
            mergeIntoRaw(disk, before.length, block);
            assertArrayEquals(after, contents(disk, before.length));
          } catch (HalfMergedException e) {
            failed = true;
          } catch (IOException e) {
            failed = true;
            assertArrayEquals(before, contents(disk, before.length), "operation " + n + " fails");
          }
        }
      }
    }
  }

  private static void mergeIntoRaw(CrashingDisk disk, int capacity, int block) throws IOException {
    var medium = new RawMedium(disk.openReadWrite("raw", 0), capacity, block, 1, true, true);
    try (var raw = RawLayer.open(medium);
        var child = VdiImage.openReadOnly(disk.openReadOnly(TestChain.name(1), 0))) {
      assertTrue(ChainFiles.merge(List.of(raw, child), 1, 0, ROOMY, Progress.NONE));
    }
  }

  private static byte[] contents(CrashingDisk disk, int length) throws IOException {
    MemorySegment found = Guest.memory(new byte[length]);
    try (ImageFile raw = disk.openReadOnly("raw", 0)) {
      raw.read(0, found);
    }
    return found.toArray(ValueLayout.JAVA_BYTE);
  }

  /** One operation of a merge fails, each in turn. */
  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("fewSeeds")
  void mergeThatFailedSaysWhetherTheTargetHasChanged(long seed) throws Exception {
    try (var made = new Made(seed)) {
      if (made.refusesToGrow() || made.grows()) return;
      boolean failed = true;
      for (long n = 0; failed; n++) {
        String when = "varve.seed=" + seed + ", operation " + n + " fails";
        try (CrashingDisk disk = made.copy()) {
          disk.failAt(n);
          failed = false;
          try {
            made.merge(disk, ROOMY, Progress.NONE);
          } catch (HalfMergedException e) {
            failed = true;
            assertFalse(made.forward(), when);
          } catch (IOException e) {
            failed = true;
            if (!made.forward()) made.assertTargetAsItWas(disk, when);
          }
          made.assertSameWithSources(disk, when);
        }
      }
    }
  }

  /** A disk with a chain of a random shape, and two images of it to be merged. */
  private static final class Made implements AutoCloseable {
    final CrashingDisk disk;
    private final List<byte[]> views = new ArrayList<>();
    private final int from;
    private final int to;
    private final boolean tight;

    Made(long seed) throws IOException {
      var random = new Random(seed);
      disk = new CrashingDisk(seed);
      byte[] contents = new byte[0];
      int depth = 2 + random.nextInt(3);
      boolean sameSize = random.nextBoolean();
      tight = random.nextInt(8) == 0;
      int capacity = 0;
      for (int layer = 0; layer < depth; layer++) {
        if (layer == 0 || !sameSize) capacity = (random.nextInt(200) + 30) * 512;
        int blockSize = 4096 << random.nextInt(5);
        var image = TestImage.of(capacity).blockSize(blockSize);
        if (random.nextInt(4) == 0) image.extra(512 << random.nextInt(3));
        if (tight) {
          int end = 472 + 4 * Math.ceilDiv(capacity, blockSize);
          image.mapOffset(472).dataOffset(end + random.nextInt(100));
        }
        TestChain.create(disk, layer, image);
        contents = Arrays.copyOf(contents, capacity);
        var requests = RandomRequests.of(random, random.nextInt(25), capacity, blockSize);
        carryOut(layer + 1, requests);
        for (var request : requests) request.applyTo(contents);
        views.add(contents);
      }
      int first = random.nextInt(depth);
      int second = random.nextInt(depth - 1);
      from = first;
      to = second < first ? second : second + 1;
    }

    private void carryOut(int depth, List<RandomRequests.Request> requests) throws IOException {
      var guest = new Guest(new TestChain(disk, depth).open(threads));
      for (var request : requests) Guest.await(guest.submit(request::setUp));
      guest.close();
    }

    boolean forward() {
      return from < to;
    }

    private int lower() {
      return Math.min(from, to);
    }

    private int upper() {
      return Math.max(from, to);
    }

    CrashingDisk copy() throws IOException {
      return disk.afterCrash(1, Loss.NOTHING);
    }

    /** True, after having seen that nothing changed, if the target's map has no room to grow. */
    boolean refusesToGrow() throws IOException {
      if (!tight || forward() || views.get(from).length <= views.get(to).length) return false;
      try {
        merge(disk, ROOMY, Progress.NONE);
        return true; // the last block had room
      } catch (ImageFormatException e) {
        assertTargetAsItWas(disk, "too tight");
        return true;
      }
    }

    boolean grows() {
      return !forward() && views.get(from).length > views.get(to).length;
    }

    boolean merge(CrashingDisk disk, long free, Progress progress) throws IOException {
      if (grows()) {
        List<Layer> images = open(disk, to + 1);
        try {
          DiskGrowth.of(images, views.get(from).length);
        } finally {
          close(images);
        }
      }
      List<Layer> images = open(disk, upper() + 1);
      try {
        return ChainFiles.merge(images, from, to, free, progress);
      } finally {
        close(images);
      }
    }

    boolean mergesUntilThePowerGoes(CrashingDisk disk) throws IOException {
      try {
        merge(disk, ROOMY, Progress.NONE);
      } catch (IOException e) {
        if (!disk.hasLostPower()) throw e;
      }
      return !disk.hasLostPower();
    }

    /** The lowest images, the target for writing. */
    private List<Layer> open(CrashingDisk disk, int count) throws IOException {
      List<Layer> images = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String name = TestChain.name(i);
        images.add(
            i == to
                ? VdiImage.openReadWrite(disk.openReadWrite(name, 64 << 20))
                : VdiImage.openReadOnly(disk.openReadOnly(name, 0)));
      }
      return images;
    }

    private static void close(List<Layer> images) throws IOException {
      for (Layer image : images) image.close();
    }

    private static byte[] read(CrashingDisk disk, IntStream layers) throws IOException {
      List<Layer> images = new ArrayList<>();
      for (int layer : layers.toArray()) {
        images.add(VdiImage.openReadOnly(disk.openReadOnly(TestChain.name(layer), 0)));
      }
      var guest = new Guest(new DifferencingChain(images, false, threads, () -> TestChain.CHANGED));
      byte[] contents = guest.readAll();
      guest.close();
      return contents;
    }

    /** Every image from the upper of the two on shows what it did, all images being there. */
    void assertSameWithSources(CrashingDisk disk, String when) throws IOException {
      for (int layer = upper(); layer < views.size(); layer++) {
        byte[] found = read(disk, IntStream.rangeClosed(0, layer));
        assertShows(views.get(layer), found, when + ", layer " + layer + " of all");
      }
      for (int layer = 0; layer < views.size(); layer++) {
        new TestChain(disk, layer + 1).raw().assertSound();
      }
    }

    /** The target shows what the upper one did, and so do the images above, without the sources. */
    void assertMerged(CrashingDisk disk, String when) throws IOException {
      for (int layer = upper(); layer < views.size(); layer++) {
        IntStream left =
            IntStream.rangeClosed(0, layer).filter(i -> i == to || i < lower() || i > upper());
        byte[] found = read(disk, left);
        assertShows(views.get(layer), found, when + ", layer " + layer + " without the sources");
      }
      new TestChain(disk, to + 1).raw().assertDense();
    }

    void assertTargetAsItWas(CrashingDisk disk, String when) throws IOException {
      byte[] found = read(disk, IntStream.rangeClosed(0, to));
      assertShows(views.get(to), found, when + ", the target");
    }

    private String what() {
      return " (merge " + from + " to " + to + " of " + views.size() + ")";
    }

    private void assertShows(byte[] expected, byte[] found, String when) {
      byte[] enlarged = Arrays.copyOf(expected, Math.max(expected.length, found.length));
      int wrong = Arrays.mismatch(enlarged, found);
      String at = wrong < 0 ? "" : ", byte " + wrong + " of " + expected.length;
      assertArrayEquals(enlarged, found, when + what() + at);
    }

    @Override
    public void close() throws IOException {
      disk.close();
    }
  }
}
