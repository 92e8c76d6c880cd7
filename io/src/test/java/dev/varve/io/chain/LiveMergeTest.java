package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageChain;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Progress;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiCheck;
import dev.varve.io.vhd.TestVhd;
import dev.varve.io.vhd.VirtualBoxVhd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Images of a running disk, of which the base may be raw, are pushed and merged while several
 * guests use it, each its own parts of it; they see what a plain array says, all the time.
 *
 * <p>{@code -Dvarve.seed=N} repeats the shape and the order of one run, {@code -Dvarve.seeds=N}
 * runs so many.
 */
class LiveMergeTest {

  private static final int GUESTS = 3;

  private static StorageThreads threads;
  private static ExecutorService guests;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    threads = new StorageThreads(8);
    guests = Executors.newCachedThreadPool();
  }

  @AfterAll
  static void stop() {
    threads.close();
    guests.shutdown();
  }

  static LongStream seeds() {
    return Seeds.of(12);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void guestsSeeTheirOwnWritesWhileImagesComeAndGoBelow(long seed) throws Exception {
    var machine = new Machine(folder, seed);
    var over = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    for (int guest = 0; guest < GUESTS; guest++) {
      int number = guest;
      running.add(guests.submit(() -> machine.use(number, over)));
    }

    try {
      for (int i = 0; i < 12; i++) {
        machine.act();
        machine.throwIfFailed(running);
      }
    } finally {
      over.set(true);
    }

    for (Future<?> guest : running) guest.get();
    machine.closeAndCheck();
  }

  /** A running disk, and what it must show. */
  private static final class Machine {
    private final Path folder;
    private final long seed;
    private final Random random;
    private final int capacity;
    private final byte[] contents;
    private final int stripe;
    private final LiveChain disk;

    /** Null if the base is a VDI image. */
    private final @Nullable Path raw;

    private int images;
    private long heldAtNanos;
    private long longestHoldNanos;

    Machine(Path folder, long seed) throws IOException {
      this.folder = folder;
      this.seed = seed;
      random = new Random(seed);
      capacity = (random.nextInt(4000) + 500) * 512;
      stripe = 512 * (1 + random.nextInt(random.nextBoolean() ? 10 : 400));
      contents = new byte[capacity];
      raw = random.nextBoolean() ? folder.resolve("1.raw") : null;
      int depth = raw == null ? 2 + random.nextInt(3) : 1 + random.nextInt(3);
      List<Path> chain = new ArrayList<>();
      UUID parent = new UUID(0, 0);
      for (int layer = 0; layer < depth; layer++) {
        chain.add(layer == 0 && raw != null ? emptyRaw() : image(parent, false));
        parent = uuid(images);
        var guest = new Guest(open(chain, false));
        for (var request : RandomRequests.of(random, 20, capacity, 1 << 16)) {
          Guest.await(guest.submit(request::setUp));
          request.applyTo(contents);
        }
        guest.close();
      }
      disk = open(chain, false);
    }

    private LiveChain open(List<Path> chain, boolean readOnly) throws IOException {
      boolean onRaw = chain.getFirst().equals(folder.resolve("1.raw"));
      var images =
          new ImageChain(
              chain.stream().map(file -> new Image(file, formatOf(file), null)).toList());
      if (onRaw) images = images.withBase(ImageFormat.RAW);
      return LiveChain.open(images, readOnly, new SharedFiles(), threads);
    }

    private static ImageFormat formatOf(Path file) {
      String name = file.toString();
      if (name.endsWith(".raw")) return ImageFormat.RAW;
      return name.endsWith(".vhd") ? ImageFormat.VHD : ImageFormat.VDI;
    }

    private Path emptyRaw() throws IOException {
      images++;
      return Files.write(folder.resolve("1.raw"), new byte[capacity]);
    }

    private UUID uuid(int image) {
      return new UUID(seed, image);
    }

    private Path image(UUID parent, boolean empty) throws IOException {
      images++;
      if (random.nextBoolean()) {
        TestVhd image = empty ? TestVhd.of(capacity, 256 << 10) : VhdChain.shape(random, capacity);
        image.id(uuid(images));
        if (!parent.equals(new UUID(0, 0))) image.over(parent);
        if (!empty) System.arraycopy(image.over(contents), 0, contents, 0, capacity);
        return Files.write(folder.resolve(images + ".vhd"), image.bytes());
      }
      return TestImage.of(capacity)
          .blockSize(4096 << random.nextInt(6))
          .uuid(uuid(images))
          .parent(parent)
          .write(folder.resolve(images + ".vdi"));
    }

    /** What an operator does. */
    void act() throws Exception {
      List<Path> chain = disk.paths();
      if (chain.size() < 2 || (chain.size() < 5 && random.nextInt(3) == 0)) {
        Path top = image(uuidOf(chain.getLast()), true);
        hold();
        disk.push(new Image(top, formatOf(top), null));
        resume();
        return;
      }
      int lower = random.nextInt(chain.size() - 1);
      boolean forward = random.nextBoolean() && !chain.get(lower).equals(raw);
      Path source = chain.get(forward ? lower : lower + 1);
      Path target = chain.get(forward ? lower + 1 : lower);
      String what = "seed " + seed + ": " + chain + ", " + source + " into " + target;
      var left = new int[] {random.nextInt(3) == 0 ? random.nextInt(50) : Integer.MAX_VALUE};
      Progress progress = (_, _) -> left[0]-- > 0;
      try {
        LiveMerge merge = disk.merge(source, target, progress);
        if (merge == null) return;
        hold();
        try {
          if (random.nextInt(6) == 0) {
            merge.abandon();
            return;
          }
          merge.complete();
          if (random.nextInt(6) == 0) {
            merge.abandon();
            return;
          }
          disk.finish(merge);
        } finally {
          resume();
        }
        carryOut(chain, source, target);
        Files.delete(source);
        List<Path> expected = new ArrayList<>(chain);
        expected.remove(source);
        assertEquals(expected, disk.paths(), what);
      } catch (Throwable e) {
        throw new AssertionError(what, e);
      }
    }

    /**
     * What a decision leaves to do with the files: the disk, which has them locked, has done it.
     */
    private void carryOut(List<Path> chain, Path source, Path target) throws IOException {
      int child = chain.indexOf(source) + 1;
      if (child == chain.size()) return;
      var files = new ChainFiles(threads);
      int parent = child == chain.indexOf(target) ? child - 2 : chain.indexOf(target);
      if (parent < 0) files.makeBase(chain.get(child));
      else if (chain.get(parent).equals(raw))
        files.reparent(chain.get(child), new Image(raw, ImageFormat.RAW, new MediumId(uuid(1))));
      else
        files.reparent(
            chain.get(child), new Image(chain.get(parent), formatOf(chain.get(parent)), null));
    }

    private void hold() throws IOException {
      disk.prepareToHold();
      heldAtNanos = System.nanoTime();
      disk.hold();
    }

    private void resume() {
      disk.resume();
      longestHoldNanos = Math.max(longestHoldNanos, System.nanoTime() - heldAtNanos);
    }

    private UUID uuidOf(Path image) {
      String name = image.getFileName().toString();
      return uuid(Integer.parseInt(name.substring(0, name.indexOf('.'))));
    }

    void throwIfFailed(List<Future<?>> running) throws Exception {
      for (Future<?> guest : running) if (guest.isDone()) guest.get();
    }

    /** What a guest does to its own stripes, until it is over. */
    Void use(int number, AtomicBoolean over) throws Exception {
      var guest = new Guest(disk);
      var own = new Random(seed + number);
      int stripes = capacity / stripe;
      while (!over.get()) {
        int which = own.nextInt(Math.max(1, stripes / GUESTS)) * GUESTS + number;
        if (which >= stripes) which = number;
        if (which >= stripes) return null;
        int grid = own.nextBoolean() ? 512 : 1;
        int start = which * stripe;
        int offset = start + own.nextInt(stripe) / grid * grid;
        int length = 1 + own.nextInt(start + stripe - offset);
        if (own.nextInt(4) == 0) {
          offset = start;
          length = stripe;
        }
        act(guest, own, offset, length);
      }
      return null;
    }

    private void act(Guest guest, Random own, int offset, int length) throws Exception {
      switch (own.nextInt(8)) {
        case 0, 1, 2 -> {
          byte[] data = Guest.filled(length, own.nextInt(8) == 0 ? 0 : 1 + own.nextInt(255));
          if (own.nextInt(8) == 0) guest.writeDurably(offset, data);
          else guest.write(offset, data);
          System.arraycopy(data, 0, contents, offset, length);
        }
        case 3 -> {
          if (own.nextBoolean()) guest.discard(offset, length);
          else guest.writeZeroes(offset, length, own.nextBoolean());
          Arrays.fill(contents, offset, offset + length, (byte) 0);
        }
        case 4 -> {
          if (own.nextInt(4) == 0) guest.flush();
        }
        default ->
            assertArrayEquals(
                Arrays.copyOfRange(contents, offset, offset + length),
                guest.read(offset, length),
                "seed " + seed + ", at " + offset);
      }
    }

    void closeAndCheck() throws Exception {
      System.out.println("longest hold " + longestHoldNanos / 1000 + " us");
      var guest = new Guest(disk);
      assertArrayEquals(contents, guest.readAll(), "seed " + seed + ", before closing");
      List<Path> chain = disk.paths();
      CompletableFuture<Void> closing = guest.beginClose();
      Guest.await(closing);
      for (Path image : chain) {
        if (image.equals(raw)) continue;
        if (formatOf(image) == ImageFormat.VHD) {
          VirtualBoxVhd.of(Files.readAllBytes(image)).assertClosed();
          continue;
        }
        assertEquals(
            VdiCheck.Severity.NOTE,
            VdiCheck.check(image).severity(),
            () -> "seed " + seed + check(image));
      }
      var again = new Guest(open(chain, true));
      assertArrayEquals(contents, again.readAll(), "seed " + seed + ", opened again");
      again.close();
    }

    private static String check(Path image) {
      try {
        return ": " + VdiCheck.check(image);
      } catch (IOException e) {
        return ": " + e;
      }
    }
  }
}
