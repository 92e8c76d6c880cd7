package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.io.file.ImageFile;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.Layer;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.TestImage;
import dev.varve.io.vdi.VdiImage;
import dev.varve.io.vhd.VhdImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A chain that forgets at any moment where its units lie loses nothing. */
class MapMemoryTest {

  private static final int CHUNK = 1024;
  private static final long REACH = 64 << 20;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  @Test
  void theOldestEntriesOfAllMapsGoFirst() {
    var memory = new MapMemory(2 * CHUNK);
    var a = new ChainMap(10L * CHUNK * 4096, 4096, memory);
    var b = new ChainMap(10L * CHUNK * 4096, 4096, memory);

    a.fill(0, _ -> ChainMap.NONE);
    b.fill(0, _ -> ChainMap.NONE);
    a.fill(CHUNK, _ -> ChainMap.NONE);

    assertEquals(ChainMap.UNKNOWN, a.entry(0));
    assertEquals(ChainMap.NONE, b.entry(0));
    assertEquals(ChainMap.NONE, a.entry(CHUNK));
    a.fill(0, _ -> ChainMap.ZERO);
    assertEquals(ChainMap.ZERO, a.entry(0));
    assertEquals(ChainMap.UNKNOWN, b.entry(0));
  }

  @Test
  void aChunkThatIsLargerThanTheMemoryStaysUntilTheNextOne() {
    var map = new ChainMap(10L * CHUNK * 4096, 4096, new MapMemory(1));

    map.fill(0, _ -> ChainMap.NONE);
    assertEquals(ChainMap.NONE, map.entry(0));
    map.fill(CHUNK, _ -> ChainMap.NONE);

    assertEquals(ChainMap.UNKNOWN, map.entry(0));
    assertEquals(ChainMap.NONE, map.entry(CHUNK));
  }

  @Test
  void aChangeOfAnEntryThatWasDroppedIsNotKept() {
    var map = new ChainMap(10L * CHUNK * 4096, 4096, new MapMemory(1));

    map.set(7, ChainMap.ZERO);

    assertEquals(ChainMap.UNKNOWN, map.entry(7));
  }

  // ---- chains

  static LongStream seeds() {
    return Seeds.of(20);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void vdiLosesNothingWhenItsMapIsForgottenAtAnyMoment(long seed) throws Exception {
    var random = new Random(seed);
    int capacity = (random.nextInt(500) + 1000) * 512;
    var base = TestImage.of(capacity).blockSize(4096 << random.nextInt(3)).uuid(new UUID(1, 1));
    var top =
        TestImage.of(capacity)
            .blockSize(4096 << random.nextInt(5))
            .uuid(new UUID(1, 2))
            .parent(new UUID(1, 1));

    checkWith(
        random,
        List.of(base.write(folder.resolve("0")), top.write(folder.resolve("1"))),
        VdiImage::openReadOnly,
        VdiImage::openReadWrite);
  }

  @ParameterizedTest(name = "varve.seed={0}")
  @MethodSource("seeds")
  void vhdLosesNothingWhenItsMapIsForgottenAtAnyMoment(long seed) throws Exception {
    var random = new Random(seed);
    int capacity = (random.nextInt(500) + 1000) * 512;
    Path base = folder.resolve("0");
    Path top = folder.resolve("1");
    Files.write(base, VhdChain.shape(random, capacity).id(new UUID(1, 1)).bytes());
    Files.write(
        top, VhdChain.shape(random, capacity).id(new UUID(1, 2)).over(new UUID(1, 1)).bytes());

    checkWith(random, List.of(base, top), VhdImage::openReadOnly, VhdImage::openReadWrite);
  }

  private interface Opening {
    Layer open(ImageFile file) throws IOException;
  }

  private void checkWith(Random random, List<Path> files, Opening readOnly, Opening readWrite)
      throws Exception {
    var forgetting = new Forgetting();
    var calls = new Random(random.nextLong());
    InterceptedFile.Interceptor forgetsNowAndThen =
        (_, _) -> {
          synchronized (calls) {
            if (calls.nextInt(3) != 0) return;
          }
          forgetting.forget();
        };
    byte[] expected = null;
    for (int session = 0; session < 3; session++) {
      List<Layer> layers = new ArrayList<>();
      layers.add(
          readOnly.open(
              new InterceptedFile(
                  MappedFile.openReadOnly(files.getFirst(), 0), forgetsNowAndThen)));
      layers.add(
          readWrite.open(
              new InterceptedFile(
                  MappedFile.openReadWrite(files.getLast(), REACH), forgetsNowAndThen)));
      layers.getLast().mend();
      var guest =
          new Guest(
              new DifferencingChain(layers, true, threads, UUID::randomUUID, forgetting.memory));
      if (expected == null) expected = guest.readAll();
      for (var request : RandomRequests.of(random, 60, expected.length, 64 << 10)) {
        if (random.nextBoolean()) forgetting.forget();
        Guest.await(guest.submit(request::setUp));
        request.applyTo(expected);
        if (random.nextInt(6) == 0) assertArrayEquals(expected, guest.readAll());
      }
      guest.close();
    }
    var again = new Guest(DifferencingChain.open(files, true, threads));
    assertArrayEquals(expected, again.readAll());
    again.close();
  }
}
