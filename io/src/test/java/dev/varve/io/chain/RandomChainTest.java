package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random requests to chains of random shapes have the effect that a plain byte array shows. */
class RandomChainTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  /** {@code -Dvarve.seed=N} repeats one run. */
  static LongStream seeds() {
    return Seeds.of(60);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void everyRequestHasTheEffectThatAPlainArrayShows(long seed) throws Exception {
    var random = new Random(seed);
    List<Path> images = new ArrayList<>();
    byte[] expected = new byte[0];
    UUID parent = new UUID(0, 0);
    int depth = 1 + random.nextInt(4);
    for (int layer = 0; layer < depth; layer++) {
      UUID uuid = new UUID(seed, layer + 1);
      int capacity = (random.nextInt(400) + 100) * 512;
      images.add(
          shape(random, capacity).uuid(uuid).parent(parent).write(folder.resolve(layer + ".vdi")));
      parent = uuid;
      expected = Arrays.copyOf(expected, capacity);
      for (int session = 0; session < 2; session++) {
        BlockDevice device = DifferencingChain.open(images, false, threads);
        try {
          for (int i = 0; i < 60; i++) act(device, expected, random, seed);
        } finally {
          device.close().toCompletableFuture().get();
        }
      }
    }
    BlockDevice device = DifferencingChain.open(images, true, threads);
    assertArrayEquals(expected, read(device, 0, expected.length), "seed " + seed);
    device.close().toCompletableFuture().get();
  }

  private static TestImage shape(Random random, int capacity) {
    int[] blockSizes = {4096, 8192, 16384, 65536};
    var image = TestImage.of(capacity).blockSize(blockSizes[random.nextInt(blockSizes.length)]);
    if (random.nextInt(4) == 0) image.extra(512);
    if (random.nextInt(4) == 0)
      image.mapOffset(456 + 16).dataOffset(456 + 16 + 4 * 128 + random.nextInt(700));
    return image;
  }

  private static void act(BlockDevice device, byte[] expected, Random random, long seed)
      throws Exception {
    int offset = random.nextInt(expected.length);
    int length =
        1
            + random.nextInt(
                Math.min(expected.length - offset, random.nextBoolean() ? 3000 : 150_000));
    if (random.nextBoolean()) {
      int grid = random.nextBoolean() ? 512 : 4096;
      offset = offset / grid * grid;
      length = Math.min(expected.length - offset, Math.ceilDiv(length, grid) * grid);
    }
    int op = random.nextInt(8);
    if (Boolean.getBoolean("dbg")) System.err.println(op + " " + offset + " +" + length);
    switch (op) {
      case 0, 1, 2 -> {
        byte[] data = new byte[length];
        if (random.nextInt(6) != 0) random.nextBytes(data);
        write(device, offset, data, random.nextInt(8) == 0);
        System.arraycopy(data, 0, expected, offset, length);
      }
      case 3 -> {
        int o = offset;
        int n = length;
        boolean keeps = random.nextBoolean();
        if (random.nextBoolean()) request(device, r -> r.discard(o, n, false));
        else request(device, r -> r.writeZeroes(o, n, keeps, false));
        Arrays.fill(expected, offset, offset + length, (byte) 0);
      }
      case 4 -> request(device, DeviceRequest::flush);
      default -> {
        byte[] actual = read(device, offset, length);
        int wrong = Arrays.mismatch(actual, Arrays.copyOfRange(expected, offset, offset + length));
        if (wrong >= 0)
          fail(
              "seed "
                  + seed
                  + ": byte "
                  + (offset + wrong)
                  + " is "
                  + actual[wrong]
                  + ", not "
                  + expected[offset + wrong]);
      }
    }
  }

  static byte[] read(BlockDevice device, long offset, int length) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(length);
      device.read(offset, memory).toCompletableFuture().get();
      return memory.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  static void write(BlockDevice device, long offset, byte[] data, boolean fua) throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(data.length);
      MemorySegment.copy(data, 0, memory, ValueLayout.JAVA_BYTE, 0, data.length);
      if (fua) request(device, r -> r.write(offset, memory, true));
      else device.write(offset, memory).toCompletableFuture().get();
    }
  }

  /** Sets a request up. */
  interface Setup {
    DeviceRequest of(DeviceRequest request);
  }

  static void request(BlockDevice device, Setup setup) throws Exception {
    var done = new CompletableFuture<Void>();
    device.submit(
        setup.of(
            new DeviceRequest() {
              @Override
              protected void completed() {
                done.complete(null);
              }

              @Override
              protected void failed(IOException cause) {
                done.completeExceptionally(cause);
              }
            }));
    done.get();
  }
}
