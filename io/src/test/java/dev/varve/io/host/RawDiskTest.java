package dev.varve.io.host;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.BlockDevice;
import dev.varve.core.device.DeviceRequest;
import dev.varve.core.device.OutOfSpaceException;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.LooseReferences;
import dev.varve.io.storage.StorageThreads;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is special about raw files and block devices. */
@Timeout(300)
class RawDiskTest {

  private static final int MIB = 1 << 20;

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);
  @TempDir Path folder;

  // ---- files

  @Test
  void isoIsReadToItsLastByteAndNeverWritten() throws Exception {
    Path iso = file(5_000);
    var before = Files.getLastModifiedTime(iso);
    BlockDevice disc = RawDisk.open(iso, true, threads);

    assertEquals(5_000, disc.capacity());
    assertTrue(disc.readOnly());
    assertArrayEquals(filled(1000, 'd'), read(disc, 4_000, 1_000));
    close(disc);

    assertEquals(5_000, Files.size(iso));
    assertEquals(before, Files.getLastModifiedTime(iso));
  }

  @Test
  void whatIsWrittenIsInTheFile() throws Exception {
    Path file = file(MIB);
    BlockDevice disk = RawDisk.open(file, false, threads);

    write(disk, 100, filled(50, 'w'));
    close(disk);

    byte[] expected = filled(MIB, 'd');
    Arrays.fill(expected, 100, 150, (byte) 'w');
    assertArrayEquals(expected, Files.readAllBytes(file));
  }

  @Test
  void discardGivesSpaceBackAndKeptSpaceStays() throws Exception {
    Path file = file(4 * MIB);
    RawDisk disk = RawDisk.open(file, false, threads);
    flush(disk);
    long full = used(file);
    assertTrue(disk.givesSpaceBack());

    ask(disk, request -> request.writeZeroes(0, MIB, true, true));
    assertTrue(used(file) >= full - 64 * 1024, "kept " + used(file) + " of " + full);

    ask(disk, request -> request.discard(0, 3 * MIB, true));
    assertTrue(used(file) <= full - 2 * MIB, "kept " + used(file) + " of " + full);
    assertArrayEquals(new byte[3 * MIB], read(disk, 0, 3 * MIB));
    assertArrayEquals(filled(MIB, 'd'), read(disk, 3 * MIB, MIB));
    close(disk);
  }

  @Test
  void discardingTheEndFreesTheBlockThatTheFileEndsIn() throws Exception {
    Path file = file(MIB + 100);
    BlockDevice disk = RawDisk.open(file, false, threads);

    ask(disk, request -> request.discard(0, MIB + 100, true));
    close(disk);

    assertEquals(MIB + 100, Files.size(file));
    assertEquals(0, used(file));
  }

  @Test
  void discardOfAnEmptyTerabyteIsQuick() throws Exception {
    Path file = folder.resolve("large");
    try (var large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(1L << 40);
    }
    BlockDevice disk = RawDisk.open(file, false, threads);
    write(disk, (1L << 40) - 512, filled(512, 'x'));

    ask(disk, request -> request.discard(0, 1L << 40, false));

    assertArrayEquals(new byte[512], read(disk, (1L << 40) - 512, 512));
    close(disk);
  }

  @Test
  void writerKeepsOthersOutAndReadersDoNot() throws Exception {
    Path file = file(MIB);
    BlockDevice reader = RawDisk.open(file, true, threads);
    BlockDevice other = RawDisk.open(file, true, threads);
    assertThrows(ImageInUseException.class, () -> RawDisk.open(file, false, threads));
    close(reader);
    close(other);

    BlockDevice writer = RawDisk.open(file, false, threads);
    assertThrows(ImageInUseException.class, () -> RawDisk.open(file, true, threads));
    close(writer);
  }

  @Test
  void whatIsNoDiskIsRefusedByName() throws Exception {
    Path empty = Files.createFile(folder.resolve("empty"));
    for (Path path : new Path[] {empty, folder.resolve("missing"), folder, Path.of("/dev/null")}) {
      var failure = assertThrows(IOException.class, () -> RawDisk.open(path, true, threads));
      assertTrue(failure.getMessage().contains(path.toString()), failure.getMessage());
    }
  }

  @Test
  void cutFileFailsWhatIsGoneAndIsNotMadeLongerAgain() throws Exception {
    Path file = file(2 * MIB);
    BlockDevice disk = RawDisk.open(file, false, threads);
    read(disk, 0, 2 * MIB);

    try (var other = new RandomAccessFile(file.toFile(), "rw")) {
      other.setLength(MIB);
    }

    assertThrows(IOException.class, () -> ask(disk, r -> r.read(MIB, memory(4096))));
    assertThrows(IOException.class, () -> disk.tryRead(MIB, 4096, new LooseReferences()));
    assertThrows(IOException.class, () -> ask(disk, r -> r.write(MIB + 4096, memory(4096), false)));
    assertThrows(IOException.class, () -> ask(disk, r -> r.discard(MIB, 4096, false)));
    assertArrayEquals(filled(4096, 'd'), read(disk, 0, 4096));
    assertEquals(MIB, Files.size(file));
    assertThrows(IOException.class, () -> flush(disk));
    assertThrows(IOException.class, () -> close(disk));
  }

  // ---- block devices

  @Test
  @NeedsTools("losetup")
  void deviceSaysItsSizeAndSectors() throws Exception {
    try (var loop = LoopDevice.over(file(3 * MIB), 4096)) {
      BlockDevice disk = RawDisk.open(loop.path(), false, threads);

      assertEquals(3 * MIB, disk.capacity());
      assertEquals(4096, disk.blockSize());
      assertFalse(disk.readOnly());
      close(disk);
    }
  }

  @Test
  @NeedsTools("losetup")
  void unalignedRequestsWorkOnSectorsOf4096Bytes() throws Exception {
    Path file = file(MIB);
    try (var loop = LoopDevice.over(file, 4096)) {
      BlockDevice disk = RawDisk.open(loop.path(), false, threads);

      write(disk, 4095, filled(3, 'u'));
      ask(disk, request -> request.discard(10_001, 20_000, true));
      close(disk);
    }

    byte[] expected = filled(MIB, 'd');
    Arrays.fill(expected, 4095, 4098, (byte) 'u');
    Arrays.fill(expected, 10_001, 30_001, (byte) 0);
    assertArrayEquals(expected, Files.readAllBytes(file));
  }

  @Test
  @NeedsTools("losetup")
  void discardOfADeviceGoesThroughToItsMedium() throws Exception {
    Path file = file(4 * MIB);
    try (var loop = LoopDevice.over(file, 512)) {
      RawDisk disk = RawDisk.open(loop.path(), false, threads);
      flush(disk);
      long full = used(file);
      assertTrue(disk.givesSpaceBack());

      ask(disk, request -> request.discard(MIB, 2 * MIB, true));

      assertTrue(used(file) <= full - MIB, "kept " + used(file) + " of " + full);
      close(disk);
    }
  }

  @Test
  @NeedsTools("losetup")
  void readOnlyDeviceCanOnlyBeRead() throws Exception {
    try (var loop = LoopDevice.over(file(MIB), 512, "--read-only")) {
      var failure =
          assertThrows(IOException.class, () -> RawDisk.open(loop.path(), false, threads));
      assertTrue(failure.getMessage().contains(loop.path().toString()), failure.getMessage());

      BlockDevice disk = RawDisk.open(loop.path(), true, threads);
      assertArrayEquals(filled(512, 'd'), read(disk, 0, 512));
      close(disk);
    }
  }

  @Test
  @NeedsTools("losetup")
  void deviceThatIsWrittenIsClaimed() throws Exception {
    try (var loop = LoopDevice.over(file(MIB), 512)) {
      BlockDevice disk = RawDisk.open(loop.path(), false, threads);

      var failure =
          assertThrows(ImageInUseException.class, () -> RawDisk.open(loop.path(), false, threads));

      assertTrue(failure.getMessage().contains(loop.path().toString()), failure.getMessage());
      close(disk);
    }
  }

  @Test
  @NeedsTools("losetup")
  void deviceThatLosesItsMediumFailsWithErrorsThatAreNotAboutSpace() throws Exception {
    Path file = file(8 * MIB);
    try (var loop = LoopDevice.over(file, 512)) {
      BlockDevice disk = RawDisk.open(loop.path(), false, threads);
      try (var medium = new RandomAccessFile(file.toFile(), "rw")) {
        medium.setLength(MIB);
      }
      loop.refreshCapacity();

      assertThrows(IOException.class, () -> ask(disk, r -> r.read(4 * MIB, memory(4096))));
      var failure = assertThrows(IOException.class, () -> write(disk, 4 * MIB, new byte[8192]));
      assertFalse(failure instanceof OutOfSpaceException, failure.getMessage());
      assertArrayEquals(filled(4096, 'd'), read(disk, 0, 4096));
      assertThrows(IOException.class, () -> close(disk));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @NeedsTools("losetup")
  void nothingIsCalledDurableOnADeviceThatWasRemovedAfterItWasWritten(boolean direct)
      throws Exception {
    Path file = file(8 * MIB);
    try (var loop = LoopDevice.over(file, 512)) {
      BlockDevice disk =
          direct
              ? RawDisk.openDirect(loop.path(), threads)
              : RawDisk.open(loop.path(), false, threads);
      write(disk, 4 * MIB, new byte[8192]);
      try (var medium = new RandomAccessFile(file.toFile(), "rw")) {
        medium.setLength(0);
      }
      loop.refreshCapacity();

      var failure = assertThrows(IOException.class, () -> flush(disk));

      assertTrue(failure.getMessage().contains("was truncated or removed"), failure.getMessage());
      assertThrows(IOException.class, () -> close(disk));
    }
  }

  @Test
  void aFileThatWasCutTakesNoMoreWritesAndIsNotMadeLongAgain() throws Exception {
    Path file = file(8 * MIB);
    BlockDevice disk = RawDisk.open(file, false, threads);
    write(disk, 0, new byte[4096]);
    try (var other = new RandomAccessFile(file.toFile(), "rw")) {
      other.setLength(2 * MIB);
    }

    var failure = assertThrows(IOException.class, () -> write(disk, 4 * MIB, new byte[4096]));
    assertThrows(IOException.class, () -> write(disk, 0, new byte[4096]));
    assertThrows(IOException.class, () -> ask(disk, r -> r.discard(0, 4096, false)));
    assertThrows(IOException.class, () -> flush(disk));
    assertThrows(IOException.class, () -> ask(disk, r -> r.read(4 * MIB, memory(4096))));
    assertArrayEquals(filled(4096, 'd'), read(disk, MIB, 4096));
    assertThrows(IOException.class, () -> close(disk));

    assertTrue(failure.getMessage().contains("was truncated"), failure.getMessage());
    assertEquals(2 * MIB, Files.size(file));
  }

  // ---- asking

  private Path file(int length) throws IOException {
    return Files.write(Files.createTempFile(folder, "disk", ".img"), filled(length, 'd'));
  }

  /** The space that the file takes on its file system, in bytes. */
  private static long used(Path file) throws Exception {
    Process stat = new ProcessBuilder("stat", "-c", "%b %B", file.toString()).start();
    String[] blocks = new String(stat.getInputStream().readAllBytes(), US_ASCII).strip().split(" ");
    return Long.parseLong(blocks[0]) * Long.parseLong(blocks[1]);
  }

  private static byte[] read(BlockDevice disk, long offset, int length) throws Exception {
    MemorySegment memory = memory(length);
    await(disk.read(offset, memory).toCompletableFuture());
    return memory.toArray(ValueLayout.JAVA_BYTE);
  }

  private static void write(BlockDevice disk, long offset, byte[] data) throws Exception {
    MemorySegment memory = memory(data.length);
    memory.copyFrom(MemorySegment.ofArray(data));
    await(disk.write(offset, memory).toCompletableFuture());
  }

  private static void flush(BlockDevice disk) throws Exception {
    await(disk.flush().toCompletableFuture());
  }

  private static void close(BlockDevice disk) throws Exception {
    await(disk.close().toCompletableFuture());
  }

  /** Goes to a storage thread. */
  private static void ask(BlockDevice disk, Consumer<DeviceRequest> setUp) throws Exception {
    var answer = new CompletableFuture<Void>();
    var request =
        new DeviceRequest() {
          @Override
          protected void completed() {
            answer.complete(null);
          }

          @Override
          protected void failed(IOException cause) {
            answer.completeExceptionally(cause);
          }
        };
    setUp.accept(request);
    disk.submit(request);
    await(answer);
  }

  private static void await(CompletableFuture<Void> answer) throws Exception {
    try {
      answer.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) throw failure;
      throw e;
    }
  }

  private static MemorySegment memory(int length) {
    return Arena.ofAuto().allocate(length);
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }
}
