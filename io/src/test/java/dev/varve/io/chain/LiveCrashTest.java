package dev.varve.io.chain;

import static dev.varve.io.chain.TestChain.vdi;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.HalfMergedException;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.LiveImages.Member;
import dev.varve.io.chain.RandomRequests.Kind;
import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.host.RawLayer;
import dev.varve.io.host.RawMedium;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiHeader;
import dev.varve.io.vdi.VdiImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A running disk, of a raw file or of a VDI image, gets two images on top and takes them back, and
 * the host fails it at every operation of that.
 *
 * <p>{@code -Dvarve.seed=N} repeats one run, {@code -Dvarve.seeds=N} runs so many.
 */
class LiveCrashTest {

  private static final int BLOCK = 4096;
  private static final int CAPACITY = 24 * BLOCK + 512;
  private static final long REACH = 64 << 20;

  private static StorageThreads threads;

  @TempDir Path folder;

  /** Whether layer 0 is an image, and no raw file. */
  private boolean image;

  @BeforeAll
  static void start() {
    threads = new StorageThreads(4);
  }

  @AfterAll
  static void stop() {
    threads.close();
  }

  static LongStream seeds() {
    return Seeds.of(3);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void whatWasFlushedToARawFileSurvivesAPowerCutAtAnyOperation(long seed) throws Exception {
    byte[] contents = Guest.filled(CAPACITY, 'r');
    Arrays.fill(contents, 5 * BLOCK, 15 * BLOCK, (byte) 0);
    try (CrashingDisk made = made(seed, contents)) {
      survivesAPowerCutAtAnyOperation(made, seed, contents);
    }
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void whatWasFlushedToAnImageSurvivesAPowerCutAtAnyOperation(long seed) throws Exception {
    try (var made = new CrashingDisk(seed)) {
      image = true;
      create(made, 0);
      create(made, 1);
      create(made, 2);
      survivesAPowerCutAtAnyOperation(made, seed, new byte[CAPACITY]);
    }
  }

  private void survivesAPowerCutAtAnyOperation(CrashingDisk made, long seed, byte[] contents)
      throws IOException {
    boolean finished = false;
    for (long n = 0; !finished; n++) {
      try (CrashingDisk disk = made.afterCrash(1, Loss.NOTHING)) {
        disk.losePowerAt(n);
        var session = new Session(disk, contents, new Random(seed));
        finished = session.runUntilThePowerGoes();
        for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(seed + n))) {
          String when = "varve.seed=" + seed + ", power cut at operation " + n + ", " + loss;
          try (CrashingDisk found = disk.afterCrash(seed, loss)) {
            session.versions.check(read(found, session.decided), when + session.decided);
            for (int layer : session.decided) {
              if (isImage(layer)) TestChain.assertCountedOnceOpened(found, name(layer), when);
            }
          }
        }
        if (finished) assertArrayEquals(session.versions.last(), read(disk, List.of(0)));
      }
    }
  }

  /** There is space for a part of what is merged, from the top and from the middle. */
  @ParameterizedTest(name = "the source is on top: {0}")
  @ValueSource(booleans = {true, false})
  void mergeThatFindsNoSpaceHasChangedTheFileAndNotTheDiskAndCanBeDoneAgain(boolean onTop)
      throws Exception {
    byte[] contents = new byte[CAPACITY];
    try (CrashingDisk disk = made(1, contents)) {
      var session = new Session(disk, contents, new Random(1));
      session.push(1);
      session.write(Guest.filled(20 * BLOCK, 's'), 0);
      if (!onTop) {
        session.push(2);
        session.write(Guest.filled(BLOCK, 't'), BLOCK);
      }
      session.guest.flush();

      disk.limitSpace(8 * BLOCK);
      var failure = assertThrows(HalfMergedException.class, () -> session.copy(1));

      assertEquals(OutOfSpaceException.class, failure.getCause().getClass());
      assertArrayEquals(session.versions.last(), session.guest.readAll());
      disk.limitSpace(1 << 30);
      session.write(Guest.filled(10, 'x'), 100);
      session.merge(1);
      assertArrayEquals(session.versions.last(), session.guest.readAll());
      session.guest.close();
      assertArrayEquals(session.versions.last(), read(disk, session.decided));
    }
  }

  // ---- a raw file, layer 0, and empty images for the layers above it

  private CrashingDisk made(long seed, byte[] contents) throws IOException {
    var disk = new CrashingDisk(seed);
    try (ImageFile raw = disk.create(name(0), 0)) {
      raw.setLength(CAPACITY);
      for (int at = 0; at < CAPACITY; at += BLOCK) {
        byte[] block = Arrays.copyOfRange(contents, at, Math.min(at + BLOCK, CAPACITY));
        if (block[0] != 0) raw.write(at, Guest.memory(block));
      }
      raw.sync();
    }
    create(disk, 1);
    create(disk, 2);
    return disk;
  }

  private void create(CrashingDisk disk, int layer) throws IOException {
    var made = TestImage.of(CAPACITY).blockSize(BLOCK).uuid(uuid(layer));
    if (layer > 0) made.parent(uuid(layer - 1));
    try (ImageFile file = disk.create(name(layer), 0)) {
      file.write(0, Guest.memory(made.bytes()));
      file.sync();
    }
  }

  private boolean isImage(int layer) {
    return image || layer > 0;
  }

  private String name(int layer) {
    return layer + (isImage(layer) ? ".vdi" : ".img");
  }

  private static UUID uuid(int layer) {
    return new UUID(1, layer + 1);
  }

  private static RawLayer raw(ImageFile file) {
    return RawLayer.open(new RawMedium(file, CAPACITY, BLOCK, 1, true, true));
  }

  /** What the disk shows that was decided to consist of these layers, after a restart. */
  private byte[] read(CrashingDisk disk, List<Integer> layers) throws IOException {
    List<Layer> images = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      int layer = layers.get(i);
      images.add(
          i > 0
              ? VdiImage.openReadOnly(onParent(disk, layer, uuid(layers.get(i - 1))))
              : isImage(layer)
                  ? VdiImage.openReadOnly(disk.openReadOnly(name(layer), 0))
                  : raw(disk.openReadOnly(name(0), 0)));
    }
    var guest = new Guest(new DifferencingChain(images, false, threads, () -> TestChain.CHANGED));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  /** Does what the decision that ended a merge may have left to do. */
  private ImageFile onParent(CrashingDisk disk, int layer, UUID parent) throws IOException {
    try (ImageFile file = disk.openReadWrite(name(layer), 0)) {
      VdiHeader header = VdiHeader.read(file);
      if (!header.parentUuid().equals(parent)) {
        file.write(0, header.withParent(parent, VdiHeader.NO_UUID).bytes());
        file.sync();
      }
    }
    return disk.openReadOnly(name(layer), 0);
  }

  // ---- a machine that runs on it

  private final class Session {
    final Versions versions;
    final Guest guest;
    private final CrashingDisk disk;
    private final Random random;
    private final LiveChain chain;

    /** The layers that the model says the disk consists of. */
    List<Integer> decided = List.of(0);

    Session(CrashingDisk disk, byte[] contents, Random random) throws IOException {
      this.disk = disk;
      this.random = random;
      versions = new Versions(contents, true);
      ImageFile file = disk.openReadWrite(name(0), REACH);
      if (image) {
        chain = over(VdiImage.openReadWrite(file));
      } else {
        chain = over(raw(file));
      }
      guest = new Guest(chain);
    }

    private LiveChain over(Layer base) throws IOException {
      return LiveChain.over(
          new LiveImages(List.of(new Member(vdi(path(0)), base))), false, threads);
    }

    /** A file of the host's, of which only the file system is looked at. */
    private Path path(int layer) throws IOException {
      Path path = folder.resolve(name(layer));
      if (!Files.exists(path)) Files.createFile(path);
      return path;
    }

    boolean runUntilThePowerGoes() throws IOException {
      try {
        use();
        push(1);
        use();
        push(2);
        use();
        merge(1);
        use();
        merge(2);
        use();
      } catch (IOException e) {
        if (!disk.hasLostPower()) throw e;
      }
      chain.resume();
      try {
        guest.close();
        versions.durable(versions.moment());
      } catch (IOException e) {
        if (!disk.hasLostPower()) throw e;
      }
      return !disk.hasLostPower();
    }

    private void use() throws IOException {
      for (Request request : RandomRequests.of(random, 6, CAPACITY, BLOCK)) {
        int before = versions.moment();
        versions.change(List.of(request));
        Guest.await(guest.submit(request::setUp));
        if (request.kind() == Kind.FLUSH) versions.durable(before);
        if (request.kind() == Kind.WRITE_DURABLY)
          versions.durable(versions.moment(), request.offset(), request.data().length);
      }
    }

    void write(byte[] data, int offset) throws IOException {
      versions.change(List.of(new Request(Kind.WRITE, offset, data)));
      guest.write(offset, data);
    }

    void push(int layer) throws IOException {
      chain.hold();
      versions.durable(versions.moment());
      List<Integer> higher = new ArrayList<>(decided);
      higher.add(layer);
      decided = higher;
      chain.push(vdi(path(layer)), VdiImage.openReadWrite(disk.openReadWrite(name(layer), REACH)));
      chain.resume();
    }

    LiveMerge copy(int layer) throws IOException {
      return chain.merge(path(layer), path(0), Progress.NONE);
    }

    void merge(int layer) throws IOException {
      LiveMerge merge = copy(layer);
      assertNotNull(merge);
      chain.prepareToHold();
      chain.hold();
      versions.durable(versions.moment());
      merge.complete();
      decided = decided.stream().filter(l -> l != layer).toList();
      chain.finish(merge);
      chain.resume();
    }
  }
}
