package dev.varve.io.vhd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.SharedFiles;
import dev.varve.io.layer.Layer;
import dev.varve.io.layer.Place;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file with any bytes is read, or refused with an {@link IOException}; never anything else. */
class VhdFuzzTest {

  private static final VhdFormat FORMAT = new VhdFormat();
  private static final long SEED = 4711;
  private static final int RUNS = 1500;
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    511,
    512,
    513,
    1023,
    1024,
    1 << 20,
    1 << 30,
    1L << 31,
    (1L << 32) - 1,
    1L << 32,
    1L << 48,
    1L << 62,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  @TempDir Path folder;

  @Test
  void anyBytesAreReadOrRefused() throws IOException {
    var random = new Random(SEED);
    Path file = folder.resolve("a.vhd");
    for (int run = 0; run < RUNS; run++) {
      byte[] bytes = damage(image(random), random);
      Files.write(file, bytes);
      try {
        tryAll(file, bytes);
      } catch (RuntimeException | Error e) {
        fail("seed " + SEED + ", run " + run, e);
      }
    }
  }

  private static byte[] image(Random random) {
    if (random.nextInt(4) == 0) {
      byte[] bytes = new byte[(8 << 10) + 512];
      MemorySegment footer = VhdFooter.of(VhdType.FIXED, 8 << 10, new UUID(1, 1)).bytes();
      MemorySegment.copy(footer, 0, MemorySegment.ofArray(bytes), 8 << 10, 512);
      return bytes;
    }
    TestVhd image = TestVhd.of(700 << 10, random.nextBoolean() ? 4 << 10 : 256 << 10);
    if (random.nextBoolean()) image.over(new UUID(2, 2));
    return image.sector(3, 'a').sector(4, 'b').sector(600, 'c').sector(1300, 'd').bytes();
  }

  private static byte[] damage(byte[] bytes, Random random) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      int at = place(bytes.length, random);
      switch (random.nextInt(4)) {
        case 0 -> buffer.put(at, (byte) random.nextInt());
        case 1 -> buffer.put(at, (byte) (buffer.get(at) ^ 1 << random.nextInt(8)));
        case 2 -> buffer.putInt(Math.min(at & -4, bytes.length - 4), (int) extreme(random));
        default -> buffer.putLong(Math.min(at & -8, bytes.length - 8), extreme(random));
      }
    }
    if (random.nextBoolean()) seal(buffer);
    return random.nextInt(5) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  /** Mostly where something is that the image is read by. */
  private static int place(int length, Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextInt(100);
      case 1, 2 -> length - 512 + random.nextInt(100);
      case 3, 4 -> Math.min(length - 1, 512 + random.nextInt(64));
      case 5, 6 -> Math.min(length - 1, 1536 + random.nextInt(600));
      default -> random.nextInt(length);
    };
  }

  private static long extreme(Random random) {
    return random.nextInt(4) == 0 ? random.nextLong() : EXTREMES[random.nextInt(EXTREMES.length)];
  }

  /** Right checksums, so that the fields themselves are looked at. */
  private static void seal(ByteBuffer bytes) {
    byte[] file = bytes.array();
    int end = file.length - 512;
    bytes.putInt(end + 64, VirtualBoxVhd.checksum(file, end, 512, 64));
    if (bytes.getInt(end + 60) == 2) return;
    bytes.put(0, file, end, 512);
    bytes.putInt(512 + 36, VirtualBoxVhd.checksum(file, 512, 1024, 36));
  }

  private static void tryAll(Path file, byte[] bytes) throws IOException {
    try {
      FORMAT.recognizes(file);
      FORMAT.peek(file);
      FORMAT.holds(file, new UUID(1, 1));
      FORMAT.checkGrowth(file, 1 << 30);
    } catch (IOException _) {
      // as it should be
    }
    try (Layer layer = FORMAT.openReadOnly(file, true, new SharedFiles())) {
      read(layer);
    } catch (IOException _) {
      // as it should be
    }
    try (Layer layer = FORMAT.openReadWrite(file, true)) {
      layer.mend();
      read(layer);
    } catch (IOException _) {
      assertArrayEquals(bytes, Files.readAllBytes(file), "a refused file is not touched");
    }
    checked(file);
  }

  private static void checked(Path file) throws IOException {
    try {
      FORMAT.check(file, false);
      FORMAT.repair(file);
      for (var found : FORMAT.check(file, false).findings())
        assertNotEquals("damage", found.severity(), found.message());
    } catch (IOException _) {
      // as it should be
    }
  }

  private static void read(Layer layer) throws IOException {
    ImageFile file = layer.file();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(layer.blockSize());
      int blocks = 0;
      for (long at = 0; at < layer.capacity() && blocks++ < 64; at += layer.blockSize()) {
        int visible = (int) Math.min(layer.blockSize(), layer.capacity() - at);
        for (int within = 0; within < visible; ) {
          int run = layer.run(at + within, visible - within);
          long place = layer.find(at + within, run);
          if (Place.isStored(place)) file.read(Place.offset(place), buffer.asSlice(0, run));
          else if (place == Place.MIXED) fail("a run is of one kind");
          within += run;
        }
      }
    }
  }
}
