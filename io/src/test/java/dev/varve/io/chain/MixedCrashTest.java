package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.Progress;
import dev.varve.io.chain.LiveImages.Member;
import dev.varve.io.chain.RandomRequests.Kind;
import dev.varve.io.chain.RandomRequests.Request;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.file.ImageFile;
import dev.varve.io.file.Loss;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.VdiImage;
import dev.varve.io.vhd.VhdImage;
import dev.varve.io.vmdk.ExtentFiles;
import dev.varve.io.vmdk.VmdkImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A running disk gets an image of another format on top, and one more, and takes them back in both
 * directions, and the power goes at every operation of that.
 */
class MixedCrashTest {

  private static final int CAPACITY = (96 << 10) + 512;
  private static final int BLOCK = 4096;
  private static final long REACH = 64 << 20;
  private static final long SEED = 3;

  private static StorageThreads threads;

  @TempDir Path folder;

  private List<ImageFormat> formats = List.of();

  @BeforeAll
  static void start() {
    threads = new StorageThreads(4);
  }

  @AfterAll
  static void stop() {
    threads.close();
  }

  /** Each format is once the base, once in the middle and once on top. */
  static Stream<List<ImageFormat>> orders() {
    return Stream.of(
        List.of(ImageFormat.VMDK, ImageFormat.VHD, ImageFormat.VDI),
        List.of(ImageFormat.VHD, ImageFormat.VDI, ImageFormat.VMDK),
        List.of(ImageFormat.VDI, ImageFormat.VMDK, ImageFormat.VHD));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("orders")
  void whatWasFlushedSurvivesAPowerCutAtAnyOperation(List<ImageFormat> order) throws Exception {
    formats = order;
    try (CrashingDisk made = made()) {
      boolean finished = false;
      for (long n = 0; !finished; n += 1 + n / 60) { // late operations are much like each other
        try (CrashingDisk disk = made.afterCrash(1, Loss.NOTHING)) {
          disk.losePowerAt(n);
          var session = new Session(disk, new Random(SEED));
          finished = session.runUntilThePowerGoes();
          for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(SEED + n))) {
            String when = formats + ", power cut at operation " + n + ", " + loss;
            try (CrashingDisk found = disk.afterCrash(SEED, loss)) {
              session.versions.check(read(found, session.decided), when + session.decided);
            }
          }
          if (finished) assertArrayEquals(session.versions.last(), read(disk, session.decided));
        }
      }
    }
  }

  // ---- three images

  private CrashingDisk made() throws IOException {
    var files = new ChainFiles(threads);
    files.create(
        path(0), id(0), formats.get(0), MediumVariant.STANDARD, CAPACITY, Announcement.UNHEARD);
    for (int layer = 1; layer < formats.size(); layer++)
      files.createChild(path(layer), id(layer), formats.get(layer), registered(layer - 1));
    var disk = new CrashingDisk(SEED);
    for (int layer = 0; layer < formats.size(); layer++) {
      try (ImageFile file = disk.create(name(layer), 0)) {
        file.write(0, Guest.memory(Files.readAllBytes(path(layer))));
        file.sync();
      }
    }
    return disk;
  }

  private Path path(int layer) {
    return folder.resolve(name(layer));
  }

  private String name(int layer) {
    return layer + "." + formats.get(layer).text();
  }

  private static MediumId id(int layer) {
    return new MediumId(new UUID(1, layer + 1));
  }

  private Image registered(int layer) {
    return new Image(path(layer), formats.get(layer), id(layer));
  }

  private Layer openReadWrite(CrashingDisk disk, int layer) throws IOException {
    ImageFile file = disk.openReadWrite(name(layer), REACH);
    Layer image =
        switch (formats.get(layer)) {
          case VMDK -> VmdkImage.openReadWrite(file, ExtentFiles.NONE);
          case VHD -> VhdImage.openReadWrite(file);
          default -> VdiImage.openReadWrite(file);
        };
    image.mend();
    return image;
  }

  private Layer openReadOnly(CrashingDisk disk, int layer) throws IOException {
    ImageFile file = disk.openReadOnly(name(layer), 0);
    return switch (formats.get(layer)) {
      case VMDK -> VmdkImage.openReadOnly(file);
      case VHD -> VhdImage.openReadOnly(file);
      default -> VdiImage.openReadOnly(file);
    };
  }

  /** What the disk shows that was decided to consist of these layers, after a restart. */
  private byte[] read(CrashingDisk disk, List<Integer> layers) throws IOException {
    for (int i = 0; i < layers.size(); i++)
      settle(disk, layers.get(i), i == 0 ? null : layers.get(i - 1));
    List<Layer> images = new ArrayList<>();
    for (int layer : layers) images.add(openReadOnly(disk, layer));
    var guest = new Guest(new DifferencingChain(images, false, threads, UUID::randomUUID));
    byte[] contents = guest.readAll();
    guest.close();
    return contents;
  }

  /** Opens an image as the next start does, and does what the decision may have left to do. */
  private void settle(CrashingDisk disk, int layer, @Nullable Integer parent) throws IOException {
    try (Layer image = openReadWrite(disk, layer)) {
      if (parent == null) {
        if (image.facts().isDifferencing()) image.changeParent(null, new MapLock());
        return;
      }
      try (Layer below = openReadOnly(disk, parent)) {
        if (!Objects.equals(image.facts().parent(), below.facts().id()))
          image.changeParent(below.facts(), new MapLock());
      }
    }
  }

  // ---- a machine that runs on it

  private final class Session {
    final Versions versions = new Versions(new byte[CAPACITY], true);
    private final @Nullable Guest guest;
    private final CrashingDisk disk;
    private final Random random;
    private final @Nullable LiveChain chain;

    /** The layers that the model says the disk consists of. */
    List<Integer> decided = List.of(0);

    Session(CrashingDisk disk, Random random) throws IOException {
      this.disk = disk;
      this.random = random;
      @Nullable Layer base;
      try {
        base = openReadWrite(disk, 0);
      } catch (IOException e) {
        if (!disk.hasLostPower()) throw e;
        base = null;
      }
      chain =
          base == null
              ? null
              : LiveChain.over(
                  new LiveImages(List.of(new Member(registered(0), base))), false, threads);
      guest = chain == null ? null : new Guest(chain);
    }

    boolean runUntilThePowerGoes() throws IOException {
      if (chain == null) return false;
      try {
        use();
        push(1);
        use();
        push(2);
        use();
        merge(1, 2);
        use();
        merge(2, 0);
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

    private void push(int layer) throws IOException {
      chain.hold();
      versions.durable(versions.moment());
      List<Integer> higher = new ArrayList<>(decided);
      higher.add(layer);
      decided = higher;
      chain.push(registered(layer), openReadWrite(disk, layer));
      chain.resume();
    }

    private void merge(int source, int target) throws IOException {
      LiveMerge merge = chain.merge(path(source), path(target), Progress.NONE);
      assertNotNull(merge);
      chain.prepareToHold();
      chain.hold();
      versions.durable(versions.moment());
      merge.complete();
      decided = decided.stream().filter(layer -> layer != source).toList();
      chain.finish(merge);
      chain.resume();
    }
  }
}
