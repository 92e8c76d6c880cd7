package dev.varve.bench.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.bench.compare.TestDisks.Format;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.chain.DifferencingChain;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TestDisksTest {

  private static final int MIB = 1 << 20;
  private static final long SIZE = 12 * MIB;
  private static final Layers CHAIN = new Layers(2, false);
  private static final Layers SNAPSHOT = new Layers(2, true);

  @TempDir private Path folder;

  @Test
  void rawFileHoldsWhatIsExpectedOfTheDisk() throws Exception {
    Path image = new TestDisks(folder).shared(Format.RAW, Layers.SINGLE, SIZE).getLast();

    assertEquals(
        ByteBuffer.wrap(expected(Layers.SINGLE)), ByteBuffer.wrap(Files.readAllBytes(image)));
  }

  @Test
  void vdiChainHoldsWhatIsExpectedOfTheDisk() throws Exception {
    for (Layers layers : List.of(Layers.SINGLE, CHAIN, SNAPSHOT)) {
      List<Path> images = new TestDisks(made(layers)).shared(Format.VDI, layers, SIZE);

      assertEquals(layers.count(), images.size());
      assertEquals(ByteBuffer.wrap(expected(layers)), read(images), layers::toString);
    }
  }

  @Test
  @NeedsTools({"qemu-img"})
  void singleVdiIsCleanForQemuAndHoldsTheSame() throws Exception {
    var disks = new TestDisks(folder);
    Path vdi = disks.shared(Format.VDI, Layers.SINGLE, SIZE).getLast();
    Path raw = disks.shared(Format.RAW, Layers.SINGLE, SIZE).getLast();

    Programs.run(List.of("qemu-img", "check", "-f", "vdi", vdi.toString()));
    Programs.run(
        List.of("qemu-img", "compare", "-f", "vdi", "-F", "raw", vdi.toString(), raw.toString()));
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-nbd"})
  void qcow2ChainHoldsWhatIsExpectedOfTheDisk() throws Exception {
    Path expected = Files.write(folder.resolve("expected"), expected(SNAPSHOT));

    Path top = new TestDisks(folder).shared(Format.QCOW2, SNAPSHOT, SIZE).getLast();

    Programs.run(
        List.of(
            "qemu-img",
            "compare",
            "-f",
            "qcow2",
            "-F",
            "raw",
            top.toString(),
            expected.toString()));
  }

  @Test
  @NeedsTools({"qemu-img", "qemu-nbd"})
  void checkFindsThatADiskIsNotWhatTheChainHolds() throws Exception {
    List<Path> images = new TestDisks(folder).shared(Format.RAW, Layers.SINGLE, SIZE);
    Path socket = folder.resolve("socket");
    List<String> command = Contestant.qemu(Format.RAW).launch().command(socket, images, true);
    try (var server = ServerProcess.start("qemu-nbd", command, socket);
        NbdSession session = server.connect()) {
      Content.check(session, Layers.SINGLE, SIZE);

      assertThrows(IOException.class, () -> Content.check(session, CHAIN, SIZE));
    }
  }

  @Test
  void everyLayerHasAShareOfTheDisk() {
    var layers = new Layers(32, false);
    Set<Integer> seen = new HashSet<>();
    for (int mebibyte = 0; mebibyte < 512; mebibyte++) seen.add(layers.newest(mebibyte));

    assertEquals(33, seen.size());
  }

  @Test
  void imageThatIsWrittenIsAnotherFile() throws Exception {
    var disks = new TestDisks(folder);
    Path own = Files.createDirectory(folder.resolve("own"));

    List<Path> shared = disks.shared(Format.VDI, CHAIN, SIZE);
    List<Path> writable = disks.writable(Format.VDI, CHAIN, SIZE, own);

    assertEquals(shared.subList(0, 2), writable.subList(0, 2));
    assertNotEquals(shared.getLast(), writable.getLast());
    assertEquals(-1, Files.mismatch(shared.getLast(), writable.getLast()));
    assertTrue(writable.getLast().startsWith(own));
  }

  private Path made(Layers layers) throws IOException {
    return Files.createDirectory(folder.resolve(layers.toString()));
  }

  private static byte[] expected(Layers layers) {
    ByteBuffer disk = ByteBuffer.allocate((int) SIZE).order(ByteOrder.BIG_ENDIAN);
    for (long mebibyte = 0; mebibyte < SIZE / MIB; mebibyte++) {
      Content.put(layers.newest(mebibyte), mebibyte, disk);
    }
    return disk.array();
  }

  private static ByteBuffer read(List<Path> images) throws Exception {
    try (var threads = new StorageThreads(2);
        Arena arena = Arena.ofShared()) {
      var memory = arena.allocate(SIZE);
      var chain = DifferencingChain.open(images, true, threads);
      chain.read(0, memory).toCompletableFuture().get();
      chain.close().toCompletableFuture().get();
      return ByteBuffer.wrap(memory.toArray(ValueLayout.JAVA_BYTE));
    }
  }
}
