package dev.varve.io.vmdk.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.Place;
import dev.varve.io.vmdk.header.Descriptor;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** StreamOptimized images that are made here, read here and by QEMU. */
class StreamWriterTest {

  private static final int GRAIN = 64 << 10;
  private static final ExecutorService THREADS = Executors.newFixedThreadPool(3);

  @TempDir Path folder;

  @AfterAll
  static void stop() {
    THREADS.shutdown();
  }

  /** A disk with grains of noise, of text and of nothing. */
  private static byte[] disk(int seed, int length) {
    var random = new Random(seed);
    byte[] disk = new byte[length];
    for (int at = 0; at < length; ) {
      int run = Math.min(length - at, 512 * (1 + random.nextInt(400)));
      byte[] noise = new byte[run];
      int kind = random.nextInt(3);
      if (kind == 0) random.nextBytes(noise);
      if (kind == 1) Arrays.fill(noise, (byte) random.nextInt());
      System.arraycopy(noise, 0, disk, at, run);
      at += run;
    }
    return disk;
  }

  /** Writes the disk in pieces of odd lengths, and leaves out some that are zero. */
  private Path write(byte[] disk, int width) throws IOException {
    Path image = folder.resolve("disk.vmdk");
    var random = new Random(disk.length);
    try (OutputStream out = Files.newOutputStream(image);
        Arena arena = Arena.ofConfined();
        var writer =
            new StreamWriter(
                bytes -> out.write(bytes.toArray(ValueLayout.JAVA_BYTE)),
                disk.length,
                "disk.vmdk",
                new UUID(1, 2),
                THREADS,
                width)) {
      MemorySegment all = arena.allocate(disk.length).copyFrom(MemorySegment.ofArray(disk));
      for (int at = 0; at < disk.length; ) {
        int run = Math.min(disk.length - at, 1 + random.nextInt(3 * GRAIN));
        boolean isZero = all.asSlice(at, run).mismatch(MemorySegment.ofArray(new byte[run])) < 0;
        if (!isZero) writer.write(at, all.asSlice(at, run));
        at += run;
      }
      long length = writer.finish();
      assertEquals(Files.size(image), length);
    }
    return image;
  }

  private static byte[] read(Path image, int capacity) throws IOException {
    byte[] disk = new byte[capacity];
    try (var file = MappedFile.openReadOnly(image, 0);
        Arena arena = Arena.ofConfined()) {
      SparseHeader header = SparseHeader.read(file);
      assertEquals("streamOptimized", Descriptor.read(file, header).createType());
      StreamExtent extent = StreamExtent.open(file, header, capacity);
      try {
        MemorySegment grain = arena.allocate(GRAIN);
        for (int at = 0; at < capacity; at += GRAIN) {
          int length = Math.min(GRAIN, capacity - at);
          long place = extent.find(at, length);
          if (place == Place.FREE) continue;
          assertEquals(Place.ENCODED, place);
          extent.decode(at, grain.asSlice(0, length));
          MemorySegment.copy(grain, ValueLayout.JAVA_BYTE, 0, disk, at, length);
        }
      } finally {
        extent.close();
      }
    }
    return disk;
  }

  @ParameterizedTest
  @ValueSource(ints = {512, GRAIN - 512, GRAIN, 5 * GRAIN + 512, 5 << 20, 70 << 20})
  void anImageReadsAsItWasWritten(int capacity) throws Exception {
    byte[] disk = disk(capacity, capacity);

    assertArrayEquals(disk, read(write(disk, 3), capacity));
  }

  @Test
  void anEmptyDiskHasNoGrainsAndNoTables() throws Exception {
    Path image = write(new byte[100 << 20], 1);

    assertEquals((128 + 2 + 2 + 1) * 512, Files.size(image));
    assertArrayEquals(new byte[100 << 20], read(image, 100 << 20));
  }

  @NeedsTools("qemu-img")
  @ParameterizedTest
  @ValueSource(ints = {5 * GRAIN, 40 << 20, 70 << 20})
  void qemuReadsTheSame(int capacity) throws Exception {
    byte[] disk = disk(capacity + 1, capacity);
    Path raw = Files.write(folder.resolve("raw"), disk);
    Path image = write(disk, 2);

    var command =
        new ProcessBuilder(
                "qemu-img", "compare", "-f", "raw", "-F", "vmdk", raw.toString(), image.toString())
            .redirectErrorStream(true);
    Process process = command.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertEquals(0, process.waitFor(), said);
    assertTrue(said.contains("identical"), said);
  }

  @Test
  void aWriterThatCannotBeginFreesItsMemory() {
    Arena arena = Arena.ofShared();
    var failure = new IOException("full");

    IOException thrown =
        assertThrows(
            IOException.class,
            () -> {
              try (var _ =
                  new StreamWriter(
                      _ -> {
                        throw failure;
                      },
                      4 << 20,
                      "x.vmdk",
                      new UUID(1, 2),
                      THREADS,
                      2,
                      arena)) {}
            });

    assertEquals(failure, thrown);
    assertFalse(arena.scope().isAlive());
  }

  @Test
  void whatThrowsInTheMiddleFreesItsMemoryAndThreads() {
    byte[] disk = disk(1, 4 << 20);
    var failure = new IOException("full");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment all = arena.allocate(disk.length).copyFrom(MemorySegment.ofArray(disk));
      int[] left = {10};

      IOException thrown =
          assertThrows(
              IOException.class,
              () -> {
                try (var writer =
                    new StreamWriter(
                        _ -> {
                          if (left[0]-- == 0) throw failure;
                        },
                        disk.length,
                        "x.vmdk",
                        new UUID(1, 2),
                        THREADS,
                        2)) {
                  writer.write(0, all);
                  writer.finish();
                }
              });

      assertEquals(failure, thrown);
    }
  }
}
