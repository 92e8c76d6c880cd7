package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.HalfMergedException;
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
import dev.varve.io.host.RawLayer;
import dev.varve.io.host.RawMedium;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.LayerFacts;
import dev.varve.io.layer.MapLock;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import dev.varve.io.vhd.VhdImage;
import dev.varve.io.vhd.VirtualBoxVhd;
import dev.varve.io.vmdk.ExtentFiles;
import dev.varve.io.vmdk.TestVmdk;
import dev.varve.io.vmdk.VirtualBoxVmdk;
import dev.varve.io.vmdk.VmdkImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A running disk gets two images on top and takes them back, in both directions and across formats,
 * and the host fails it at operations from the first to the last of that.
 *
 * <p>{@code -Dvarve.seed=N} repeats one run, {@code -Dvarve.seeds=N} runs so many, {@code
 * -Dvarve.cuts=N} lets the power go so often in each.
 */
class LiveCrashTest {

  private static final int BLOCK = 4096;
  private static final int CAPACITY = 24 * BLOCK + 512;
  private static final long REACH = 64 << 20;
  private static final int CUTS = Integer.getInteger("varve.cuts", 24);

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  /** Of the layers, base first. */
  private List<ImageFormat> formats = List.of();

  static Stream<Arguments> runs() {
    return Stream.of(
            "RAW VDI VDI",
            "VDI VDI VDI",
            "VMDK VMDK VMDK",
            "VHD VHD VHD",
            "VMDK VHD VDI",
            "VHD VDI VMDK",
            "VDI VMDK VHD",
            "RAW VMDK VHD")
        .flatMap(order -> Seeds.of(2).mapToObj(seed -> Arguments.of(order, seed)));
  }

  @ParameterizedTest(name = "{0}, varve.seed={1}")
  @MethodSource("runs")
  void whatWasFlushedSurvivesAPowerCut(String order, long seed) throws Exception {
    try (CrashingDisk made = made(order)) {
      long operations;
      try (CrashingDisk disk = made.afterCrash(1, Loss.NOTHING)) {
        var session = new Session(disk, new Random(seed));
        assertTrue(session.runUntilThePowerGoes());
        assertArrayEquals(session.versions.last(), read(disk, session.decided, order));
        operations = disk.operations();
      }
      for (long n : PowerCuts.among(operations, CUTS, new Random(seed)).toArray())
        cut(
            made,
            n,
            seed,
            "%s, varve.seed=%d, power cut at operation %d".formatted(order, seed, n));
    }
  }

  private void cut(CrashingDisk made, long n, long seed, String when) throws IOException {
    try (CrashingDisk disk = made.afterCrash(1, Loss.NOTHING)) {
      disk.losePowerAt(n);
      var session = new Session(disk, new Random(seed));
      session.runUntilThePowerGoes();
      for (Loss loss : List.of(Loss.EVERYTHING, Loss.NOTHING, Loss.any(seed + n))) {
        String found = when + ", " + loss + ", " + session.decided;
        try (CrashingDisk left = disk.afterCrash(seed, loss)) {
          session.versions.check(read(left, session.decided, found), found);
        }
      }
    }
  }

  /** There is space for a part of what is merged, from the top and from the middle. */
  @ParameterizedTest(name = "{0}, the source is on top: {1}")
  @CsvSource({
    "RAW VDI VDI, true", "RAW VDI VDI, false",
    "RAW VMDK VMDK, true", "RAW VHD VMDK, false"
  })
  void mergeThatFindsNoSpaceHasChangedTheFileAndNotTheDiskAndCanBeDoneAgain(
      String order, boolean onTop) throws Exception {
    try (CrashingDisk disk = made(order)) {
      var session = new Session(disk, new Random(1));
      session.guest.discard(0, CAPACITY);
      session.versions.change(List.of(new Request(Kind.DISCARD, 0, new byte[CAPACITY])));
      session.push(1);
      session.write(Guest.filled(20 * BLOCK, 's'), 0);
      if (!onTop) {
        session.push(2);
        session.write(Guest.filled(BLOCK, 't'), BLOCK);
      }
      session.guest.flush();

      disk.limitSpace(8 * BLOCK);
      var failure = assertThrows(HalfMergedException.class, () -> session.copy(1, 0));

      assertEquals(OutOfSpaceException.class, failure.getCause().getClass());
      assertArrayEquals(session.versions.last(), session.guest.readAll());
      disk.limitSpace(1 << 30);
      session.write(Guest.filled(10, 'x'), 100);
      session.merge(1, 0);
      assertArrayEquals(session.versions.last(), session.guest.readAll());
      session.guest.close();
      assertArrayEquals(session.versions.last(), read(disk, session.decided, order));
    }
  }

  // ---- the layers: empty images, on a raw file with contents or on one more image

  private CrashingDisk made(String order) throws IOException {
    formats = Arrays.stream(order.split(" ")).map(ImageFormat::of).toList();
    var disk = new CrashingDisk(1);
    for (int layer = 0; layer < formats.size(); layer++) {
      create(layer);
      try (ImageFile file = disk.create(name(layer), 0)) {
        if (isRaw(layer)) writeContents(file);
        else file.write(0, Guest.memory(Files.readAllBytes(path(layer))));
        file.sync();
      }
    }
    return disk;
  }

  /** A file of the host, of which the running disk sees the file system only. */
  private void create(int layer) throws IOException {
    var files = new ChainFiles(threads);
    switch (formats.get(layer)) {
      case RAW -> Files.write(path(layer), contents());
      case VDI -> {
        var image = TestImage.of(CAPACITY).blockSize(BLOCK).uuid(id(layer).uuid());
        if (layer > 0) image.parent(id(layer - 1).uuid());
        image.write(path(layer));
      }
      default -> {
        Image image = registered(layer);
        if (layer > 0)
          files.createChild(image.file(), image.id(), image.format(), registered(layer - 1));
        else
          files.create(
              image.file(),
              image.id(),
              image.format(),
              MediumVariant.STANDARD,
              CAPACITY,
              Announcement.UNHEARD);
      }
    }
  }

  private byte[] contents() {
    byte[] contents = new byte[CAPACITY];
    if (!isRaw(0)) return contents;
    Arrays.fill(contents, 0, 5 * BLOCK, (byte) 'r');
    Arrays.fill(contents, 15 * BLOCK, CAPACITY, (byte) 'r');
    return contents;
  }

  private void writeContents(ImageFile raw) throws IOException {
    byte[] contents = contents();
    raw.setLength(CAPACITY);
    for (int at = 0; at < CAPACITY; at += BLOCK) {
      byte[] block = Arrays.copyOfRange(contents, at, Math.min(at + BLOCK, CAPACITY));
      if (block[0] != 0) raw.write(at, Guest.memory(block));
    }
  }

  private boolean isRaw(int layer) {
    return formats.get(layer) == ImageFormat.RAW;
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
          case RAW -> raw(file);
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
      case RAW -> raw(file);
      case VMDK -> VmdkImage.openReadOnly(file);
      case VHD -> VhdImage.openReadOnly(file);
      default -> VdiImage.openReadOnly(file);
    };
  }

  private static RawLayer raw(ImageFile file) {
    return RawLayer.open(new RawMedium(file, CAPACITY, BLOCK, 1, true, true));
  }

  // ---- after a restart

  /** What the disk shows that was decided to consist of these layers; VirtualBox opens them. */
  private byte[] read(CrashingDisk disk, List<Integer> layers, String when) throws IOException {
    for (int i = 0; i < layers.size(); i++)
      settle(disk, layers.get(i), i == 0 ? null : layers.get(i - 1));
    for (int layer : layers) assertVirtualBoxOpens(disk, layer, when);
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
        LayerFacts facts = below.facts().withId(id(parent).uuid());
        if (!Objects.equals(image.facts().parent(), facts.id()))
          image.changeParent(facts, new MapLock());
      }
    }
  }

  private void assertVirtualBoxOpens(CrashingDisk disk, int layer, String when) throws IOException {
    try {
      switch (formats.get(layer)) {
        case VDI -> TestChain.assertCountedOnceOpened(disk, name(layer), when);
        case VMDK ->
            VirtualBoxVmdk.of(name(layer), name -> TestVmdk.bytes(disk, name)).assertOpens();
        case VHD -> {
          try (ImageFile file = disk.openReadOnly(name(layer), 0)) {
            VirtualBoxVhd.of(file).assertSound();
          }
        }
        default -> {} // raw
      }
    } catch (AssertionError e) {
      throw new AssertionError(when + ", layer " + layer, e);
    }
  }

  // ---- a machine that runs on it

  private final class Session {
    final Versions versions = new Versions(contents(), true);
    final @Nullable Guest guest;
    private final CrashingDisk disk;
    private final Random random;
    private final @Nullable LiveChain chain;

    /** The layers that the model says the disk consists of. */
    List<Integer> decided = List.of(0);

    Session(CrashingDisk disk, Random random) throws IOException {
      this.disk = disk;
      this.random = random;
      @Nullable Layer base = opened();
      chain =
          base == null
              ? null
              : LiveChain.over(
                  new LiveImages(List.of(new Member(registered(0), base))), false, threads);
      guest = chain == null ? null : new Guest(chain);
    }

    /** Null if the power goes while the base is opened. */
    private @Nullable Layer opened() throws IOException {
      try {
        return openReadWrite(disk, 0);
      } catch (IOException e) {
        if (!disk.hasLostPower()) throw e;
        return null;
      }
    }

    boolean runUntilThePowerGoes() throws IOException {
      if (chain == null) return false;
      boolean up = random.nextBoolean();
      boolean upper = random.nextBoolean();
      try {
        use();
        push(1);
        use();
        push(2);
        use();
        if (up) merge(1, 2);
        else if (upper) merge(2, 1);
        else merge(1, 0);
        use();
        merge(decided.getLast(), 0);
        use();
      } catch (IOException e) {
        if (!disk.hasLostPower()) throw e;
      }
      chain.resume();
      return PowerCuts.close(disk, guest, versions);
    }

    private void use() throws IOException {
      for (Request request : RandomRequests.of(random, 6, CAPACITY, BLOCK))
        PowerCuts.carryOut(guest, request, versions);
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
      chain.push(registered(layer), openReadWrite(disk, layer));
      chain.resume();
    }

    LiveMerge copy(int source, int target) throws IOException {
      return chain.merge(path(source), path(target), Progress.NONE);
    }

    void merge(int source, int target) throws IOException {
      LiveMerge merge = copy(source, target);
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
