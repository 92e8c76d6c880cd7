package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.layer.LayerFormat;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhd.TestVhd;
import dev.varve.io.vhd.VhdFormat;
import dev.varve.io.vhd.VirtualBoxVhd;
import dev.varve.io.vmdk.TestVmdk;
import dev.varve.io.vmdk.VirtualBoxVmdk;
import dev.varve.io.vmdk.VmdkFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random requests to chains of VMDK or VHD images have the effect that a plain byte array shows,
 * and VirtualBox reads the same.
 */
class RandomFormatsTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  private final List<Path> images = new ArrayList<>();

  static Stream<Arguments> runs() {
    return Stream.of(new Vmdks(), new Vhds())
        .flatMap(kind -> Seeds.of(20).mapToObj(seed -> Arguments.of(kind, seed)));
  }

  @ParameterizedTest(name = "{0}, varve.seed={1}")
  @MethodSource("runs")
  void everyRequestHasTheEffectThatAPlainArrayShows(Kind kind, long seed) throws Exception {
    var random = new Random(seed);
    byte[] expected = new byte[0];
    int depth = 1 + random.nextInt(4);
    for (int layer = 0; layer < depth; layer++) {
      expected = add(kind, random, layer, expected);
      for (int session = 0; session < 2; session++) {
        var guest = new Guest(DifferencingChain.open(images, false, threads));
        for (var request : RandomRequests.of(random, 25, expected.length, kind.unit())) {
          Guest.await(guest.submit(request::setUp));
          request.applyTo(expected);
          if (random.nextInt(6) == 0) assertArrayEquals(expected, guest.readAll(), "seed " + seed);
        }
        guest.close();
        assertArrayEquals(expected, asVirtualBoxSeesIt(kind), "seed " + seed);
      }
    }
    var guest = new Guest(DifferencingChain.open(images, true, threads));
    assertArrayEquals(expected, guest.readAll(), "seed " + seed);
    guest.close();
  }

  /** Adds an image of a random shape, or as Varve makes it; returns what the disk shows then. */
  private byte[] add(Kind kind, Random random, int layer, byte[] below) throws IOException {
    Path file = folder.resolve(layer + "." + kind);
    var id = new UUID(9, layer);
    if (random.nextBoolean()) {
      byte[] shown =
          kind.shape(random, file, id, layer == 0 ? null : new UUID(9, layer - 1), below);
      images.add(file);
      return shown;
    }
    LayerFormat format = kind.format();
    images.add(file);
    if (layer > 0) {
      Path parent = images.get(layer - 1);
      format.createChild(file, new MediumId(id), parent, format.peek(parent));
      return below;
    }
    int capacity = (random.nextInt(3000) + 1) * 512;
    format.createBase(file, new MediumId(id), random.nextBoolean(), capacity, Announcement.UNHEARD);
    return new byte[capacity];
  }

  private byte[] asVirtualBoxSeesIt(Kind kind) throws IOException {
    byte[] contents = new byte[0];
    for (Path image : images) contents = kind.asVirtualBoxSeesIt(image, contents);
    return contents;
  }

  // ---- the formats

  private interface Kind {
    LayerFormat format();

    /** What requests are as large as. */
    int unit();

    /** Makes an image of a random shape; returns what it shows on {@code below}. */
    byte[] shape(Random random, Path file, UUID id, @Nullable UUID parent, byte[] below)
        throws IOException;

    byte[] asVirtualBoxSeesIt(Path file, byte[] below) throws IOException;
  }

  private record Vmdks() implements Kind {
    @Override
    public LayerFormat format() {
      return new VmdkFormat();
    }

    @Override
    public int unit() {
      return 64 << 10;
    }

    @Override
    public byte[] shape(Random random, Path file, UUID id, @Nullable UUID parent, byte[] below)
        throws IOException {
      TestVmdk image = TestVmdk.any(random, parent != null);
      try (var disk = new CrashingDisk(1)) {
        image.create(disk, file.getFileName().toString(), id, parent);
        for (String name : disk.names())
          Files.write(file.resolveSibling(name), TestVmdk.bytes(disk, name));
      }
      return Arrays.copyOf(below, image.capacity());
    }

    @Override
    public byte[] asVirtualBoxSeesIt(Path file, byte[] below) throws IOException {
      return VirtualBoxVmdk.of(file).assertClosed().over(below);
    }

    @Override
    public String toString() {
      return "vmdk";
    }
  }

  private record Vhds() implements Kind {
    @Override
    public LayerFormat format() {
      return new VhdFormat();
    }

    @Override
    public int unit() {
      return 256 << 10;
    }

    @Override
    public byte[] shape(Random random, Path file, UUID id, @Nullable UUID parent, byte[] below)
        throws IOException {
      int capacity = (random.nextInt(3000) + 600) * TestVhd.SECTOR;
      TestVhd image = VhdChain.shape(random, capacity).id(id);
      if (parent != null) image.over(parent);
      Files.write(file, image.bytes());
      return image.over(below);
    }

    @Override
    public byte[] asVirtualBoxSeesIt(Path file, byte[] below) throws IOException {
      return VirtualBoxVhd.of(Files.readAllBytes(file)).assertClosed().over(below);
    }

    @Override
    public String toString() {
      return "vhd";
    }
  }

  // ---- VHD

  @Test
  void blockThatIsWrittenInPartBecomesWhole() throws Exception {
    Path file = folder.resolve("a.vhd");
    TestVhd image = TestVhd.of(2 << 20, 512 << 10).sector(3, 'a').sector(2000, 'b');
    Files.write(file, image.bytes());
    images.add(file);
    byte[] expected = image.over(new byte[0]);

    var guest = new Guest(DifferencingChain.open(images, false, threads));
    guest.write(5000, Guest.filled(100, 'c'));
    guest.close();

    Arrays.fill(expected, 5000, 5100, (byte) 'c');
    assertArrayEquals(expected, asVirtualBoxSeesIt(new Vhds()));
    assertEquals(image.bytes().length, Files.size(file), "the block keeps its place");
  }

  @Test
  void spaceThatACrashLeftAtTheEndIsCutWhenTheDiskIsClosed() throws Exception {
    Path file = folder.resolve("a.vhd");
    byte[] whole = TestVhd.of(2 << 20, 512 << 10).sector(3, 'a').bytes();
    byte[] left = Arrays.copyOf(whole, whole.length + (1 << 20));
    System.arraycopy(whole, whole.length - 512, left, left.length - 512, 512);
    Files.write(file, left);
    images.add(file);

    new Guest(DifferencingChain.open(images, false, threads)).close();

    assertArrayEquals(whole, Files.readAllBytes(file));
  }
}
