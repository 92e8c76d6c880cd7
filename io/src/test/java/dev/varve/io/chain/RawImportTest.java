package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImportTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private final StorageThreads threads = new StorageThreads(2);

  @AfterEach
  void stop() {
    threads.close();
  }

  @Test
  void theDiskReadsAsTheRawFileAfterwards() throws Exception {
    byte[] contents = new byte[2 * MIB + 12_345];
    new Random(1).nextBytes(contents);
    List<Path> chain = List.of(base());

    importInto(chain, contents);

    assertArrayEquals(contents, read(chain, contents.length));
  }

  @Test
  void onlyBlocksThatDifferAreWritten() throws Exception {
    byte[] contents = new byte[4 * MIB];
    new Random(2).nextBytes(contents);
    Path base = base();
    importInto(List.of(base), contents);
    Path child = folder.resolve("child.vdi");
    VdiCreator.create(child, NewImage.childOf(VdiHeader.peek(base), UUID::randomUUID));
    contents[3 * MIB]++;

    importInto(List.of(base, child), contents);

    assertEquals(1, VdiHeader.peek(child).allocatedBlocks());
    assertArrayEquals(contents, read(List.of(base, child), contents.length));
  }

  @Test
  void zeroesTakeNoSpaceInAnEmptyDisk() throws Exception {
    Path base = base();

    importInto(List.of(base), new byte[4 * MIB]);

    assertEquals(0, VdiHeader.peek(base).allocatedBlocks());
  }

  private Path base() throws IOException {
    Path base = folder.resolve("base.vdi");
    VdiCreator.create(base, NewImage.dynamic(4 * MIB, UUID::randomUUID));
    return base;
  }

  private void importInto(List<Path> chain, byte[] contents) throws IOException {
    Path raw = Files.write(folder.resolve("disk.raw"), contents);
    var disk = DifferencingChain.open(chain, false, threads);
    try {
      new RawImport(disk).from(raw);
    } finally {
      disk.close().toCompletableFuture().join();
    }
  }

  private byte[] read(List<Path> chain, int length) throws IOException {
    var disk = DifferencingChain.open(chain, true, threads);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(length);
      disk.read(0, memory).toCompletableFuture().join();
      return memory.toArray(ValueLayout.JAVA_BYTE);
    } finally {
      disk.close().toCompletableFuture().join();
    }
  }
}
