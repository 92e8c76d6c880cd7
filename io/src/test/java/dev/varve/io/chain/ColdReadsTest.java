package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.varve.io.file.CachedPages;
import dev.varve.io.file.LooseReferences;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.LeftImages;
import dev.varve.io.vdi.TestImage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is not in the host's memory, and how it gets there. */
class ColdReadsTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  /** Short requests and long ones are served by different threads. */
  static Stream<Arguments> ranges() {
    return Stream.of(arguments(MIB, 100_000), arguments(512, 4 * MIB));
  }

  @ParameterizedTest
  @MethodSource("ranges")
  void coldRangeCanBeReadInPlaceOnceItIsCached(int offset, int length) throws Exception {
    try (var threads = new StorageThreads(4)) {
      List<Path> images = coldChain(threads);
      var chain = DifferencingChain.open(images, true, threads);
      var guest = new Guest(chain);
      assertFalse(chain.tryRead(offset, length, new LooseReferences()), "it was to be cold");

      guest.cache(offset, length);

      assertTrue(chain.tryRead(offset, length, new LooseReferences()));
      guest.close();
    }
  }

  /** Data that cannot be read shows which requests wait for it. */
  @Test
  @LeftImages.MayBeDamaged
  void readsWaitForNoMoreThanTheHostReadsInAMoment() throws Exception {
    int capacity = 64 * MIB;
    Path image = TestImage.of(capacity).write(path("cut.vdi"));
    try (var threads = new StorageThreads(4)) {
      var guest = new Guest(DifferencingChain.open(List.of(image), false, threads));
      guest.write(0, Guest.filled(MIB, 'a'));
      guest.write(capacity - MIB, Guest.filled(MIB, 'z'));
      guest.close();
      guest = new Guest(DifferencingChain.open(List.of(image), true, threads));
      try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
        file.truncate(file.size() - MIB);
      }

      guest.cache(0, capacity);

      Guest reader = guest;
      assertThrows(IOException.class, () -> reader.cache(capacity - MIB, MIB));
      guest.close();
    }
  }

  /** Every second 64 KiB in the child, the others in the base; nothing of it in memory. */
  private List<Path> coldChain(StorageThreads threads) throws IOException {
    Path base =
        TestImage.of(5 * MIB).uuid(new UUID(1, 1)).blockSize(1 << 16).write(path("base.vdi"));
    var below = new Guest(DifferencingChain.open(List.of(base), false, threads));
    below.write(0, Guest.filled(5 * MIB, 'b'));
    below.close();
    Path child =
        TestImage.of(5 * MIB).parent(new UUID(1, 1)).blockSize(1 << 16).write(path("child.vdi"));
    var top = new Guest(DifferencingChain.open(List.of(base, child), false, threads));
    for (int at = 0; at < 5 * MIB; at += 1 << 17) top.write(at, Guest.filled(1 << 16, 'c'));
    top.close();
    for (Path image : List.of(base, child)) CachedPages.drop(image, 0, Files.size(image));
    return List.of(base, child);
  }

  private Path path(String name) {
    return folder.resolve(name);
  }
}
