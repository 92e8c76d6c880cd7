package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.MediumId;
import dev.varve.io.file.CrashingDisk;
import dev.varve.io.storage.StorageThreads;
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
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random requests to chains of VMDK images have the effect that a plain byte array shows, and
 * VirtualBox reads the same.
 */
class RandomVmdkTest {

  private static final VmdkFormat FORMAT = new VmdkFormat();

  private static StorageThreads threads;

  @TempDir Path folder;

  private final List<Path> images = new ArrayList<>();

  @BeforeAll
  static void start() {
    threads = new StorageThreads(4);
  }

  @AfterAll
  static void stop() {
    threads.close();
  }

  static LongStream seeds() {
    return Seeds.of(20);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void everyRequestHasTheEffectThatAPlainArrayShows(long seed) throws Exception {
    var random = new Random(seed);
    byte[] expected = new byte[0];
    int depth = 1 + random.nextInt(4);
    for (int layer = 0; layer < depth; layer++) {
      expected = add(random, layer, expected);
      for (int session = 0; session < 2; session++) {
        var guest = new Guest(DifferencingChain.open(images, false, threads));
        for (var request : RandomRequests.of(random, 25, expected.length, 64 << 10)) {
          Guest.await(guest.submit(request::setUp));
          request.applyTo(expected);
          if (random.nextInt(6) == 0) assertArrayEquals(expected, guest.readAll(), "seed " + seed);
        }
        guest.close();
        assertArrayEquals(expected, asVirtualBoxSeesIt(), "seed " + seed);
      }
    }
    var guest = new Guest(DifferencingChain.open(images, true, threads));
    assertArrayEquals(expected, guest.readAll(), "seed " + seed);
    guest.close();
  }

  /** Adds an image to the chain, of a random shape or as Varve makes it. */
  private byte[] add(Random random, int layer, byte[] below) throws IOException {
    Path file = folder.resolve(layer + ".vmdk");
    var id = new UUID(9, layer);
    if (random.nextBoolean()) {
      TestVmdk image = TestVmdk.any(random, layer > 0);
      try (var disk = new CrashingDisk(1)) {
        image.create(
            disk, file.getFileName().toString(), id, layer == 0 ? null : new UUID(9, layer - 1));
        for (String name : disk.names())
          Files.write(folder.resolve(name), TestVmdk.bytes(disk, name));
      }
      images.add(file);
      return Arrays.copyOf(below, image.capacity());
    }
    images.add(file);
    if (layer > 0) {
      Path parent = images.get(layer - 1);
      FORMAT.createChild(file, new MediumId(id), parent, FORMAT.peek(parent));
      return below;
    }
    int capacity = (random.nextInt(3000) + 1) * 512;
    FORMAT.createBase(file, new MediumId(id), random.nextBoolean(), capacity, Announcement.UNHEARD);
    return new byte[capacity];
  }

  private byte[] asVirtualBoxSeesIt() throws IOException {
    byte[] contents = new byte[0];
    for (Path image : images) contents = VirtualBoxVmdk.of(image).assertClosed().over(contents);
    return contents;
  }
}
