package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.medium.Announcement;
import dev.varve.core.medium.MediumId;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vhd.TestVhd;
import dev.varve.io.vhd.VhdFormat;
import dev.varve.io.vhd.VirtualBoxVhd;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random requests to chains of VHD images have the effect that a plain byte array shows, and
 * VirtualBox reads the same.
 */
class RandomVhdTest {

  private static final VhdFormat FORMAT = new VhdFormat();

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
        for (var request : RandomRequests.of(random, 25, expected.length, 256 << 10)) {
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

  /** Adds an image to the chain: made by hand, or made empty. Returns the contents of the disk. */
  private byte[] add(Random random, int layer, byte[] below) throws IOException {
    Path file = folder.resolve(layer + ".vhd");
    var id = new UUID(9, layer);
    int capacity = (random.nextInt(3000) + 600) * TestVhd.SECTOR;
    if (random.nextBoolean()) {
      TestVhd image = VhdChain.shape(random, capacity).id(id);
      if (layer > 0) image.over(new UUID(9, layer - 1));
      Files.write(file, image.bytes());
      images.add(file);
      return image.over(below);
    }
    if (layer == 0) {
      FORMAT.createBase(
          file, new MediumId(id), random.nextBoolean(), capacity, Announcement.UNHEARD);
      images.add(file);
      return new byte[capacity];
    }
    FORMAT.createChild(file, new MediumId(id), images.getLast(), FORMAT.peek(images.getLast()));
    images.add(file);
    return below;
  }

  private byte[] asVirtualBoxSeesIt() throws IOException {
    byte[] contents = new byte[0];
    for (Path image : images)
      contents = VirtualBoxVhd.of(Files.readAllBytes(image)).assertClosed().over(contents);
    return contents;
  }

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
    assertArrayEquals(expected, asVirtualBoxSeesIt());
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
