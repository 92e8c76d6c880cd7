package dev.varve.io.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.file.ImageInUseException;
import dev.varve.io.file.MappedFile;
import dev.varve.io.file.NewFile.Existing;
import dev.varve.io.storage.StorageThreads;
import dev.varve.io.vdi.Fixtures;
import dev.varve.io.vdi.HandmadeImage;
import dev.varve.io.vdi.LeftImages;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCheck;
import dev.varve.io.vdi.VdiHeader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DiskCopyTest {

  @AutoClose private static final StorageThreads threads = new StorageThreads(4);

  @TempDir Path folder;

  static Stream<Fixtures.Chain> chains() {
    return Fixtures.chains();
  }

  @ParameterizedTest
  @MethodSource("chains")
  void flattenedChainHoldsWhatVirtualBoxSaw(Fixtures.Chain chain) throws Exception {
    Path raw = folder.resolve("flat.raw");

    try (DiskSource source = open(chain.unpack(folder))) {
      new DiskCopy(source, _ -> {}).toRaw(raw, Existing.REFUSED);
    }

    assertEquals(chain.capacity(), Files.size(raw));
    assertEquals(chain.sha256(), sha256(raw));
  }

  @ParameterizedTest
  @MethodSource("chains")
  @NeedsTools("qemu-img")
  void qemuReadsTheSameFromTheFlattenedImage(Fixtures.Chain chain) throws Exception {
    Path raw = folder.resolve("flat.raw");
    Path vdi = folder.resolve("flat.vdi");

    try (DiskSource source = open(chain.unpack(folder))) {
      new DiskCopy(source, _ -> {}).toRaw(raw, Existing.REFUSED);
      new DiskCopy(source, _ -> {}).toVdi(vdi, dynamic(source.capacity()), Existing.REFUSED);
    }

    assertSucceeds("qemu-img", "check", vdi.toString());
    assertSucceeds("qemu-img", "compare", raw.toString(), vdi.toString());
    assertClean(vdi);
  }

  @Test
  @NeedsTools("qemu-img")
  void qemuReadsTheSameFromAFixedImage() throws Exception {
    Path vdi = folder.resolve("fixed.vdi");

    try (DiskSource source = open(Fixtures.chain("depth5").unpack(folder))) {
      var image = NewImage.fixed(source.capacity(), UUID::randomUUID);
      new DiskCopy(source, _ -> {}).toVdi(vdi, image, Existing.REFUSED);
      new DiskCopy(source, _ -> {}).toRaw(folder.resolve("flat.raw"), Existing.REFUSED);
    }

    assertSucceeds("qemu-img", "check", vdi.toString());
    assertSucceeds("qemu-img", "compare", folder.resolve("flat.raw").toString(), vdi.toString());
    assertEquals(10, VdiHeader.peek(vdi).allocatedBlocks());
    assertClean(vdi);
  }

  @Test
  void anyDiskComesBackFromAnImageWithAnyBlockSize() throws Exception {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int round = 0; round < 12; round++) {
      String message = "round " + round + " of seed " + seed;
      Path raw = folder.resolve(round + ".raw");
      Path vdi = folder.resolve(round + ".vdi");
      Path back = folder.resolve(round + ".back");
      byte[] contents = randomDisk(random);
      Files.write(raw, contents);
      NewImage image =
          (random.nextBoolean()
                  ? NewImage.dynamic(contents.length, UUID::randomUUID)
                  : NewImage.fixed(contents.length, UUID::randomUUID))
              .withBlockSize(NewImage.MIN_BLOCK_SIZE << random.nextInt(7));

      try (DiskSource source = DiskSource.raw(raw)) {
        new DiskCopy(source, _ -> {}).toVdi(vdi, image, Existing.REFUSED);
      }
      try (DiskSource source = open(List.of(vdi))) {
        new DiskCopy(source, _ -> {}).toRaw(back, Existing.REFUSED);
      }

      assertArrayEquals(contents, Files.readAllBytes(back), message);
      assertClean(vdi);
    }
  }

  /** Up to 9 MiB, mostly zero, with runs of data of any length and place. */
  private static byte[] randomDisk(Random random) {
    var contents = new byte[512 * random.nextInt(1, 18_000)];
    for (int i = random.nextInt(6); i > 0; i--) {
      int begin = random.nextInt(contents.length);
      int end = Math.min(contents.length, begin + random.nextInt(1 << random.nextInt(1, 22)));
      for (int at = begin; at < end; at++) contents[at] = (byte) random.nextInt();
    }
    return contents;
  }

  @Test
  void emptyDiskOfManyTerabytesIsCopiedAtOnce() throws Exception {
    Path raw = folder.resolve("large.raw");
    Path vdi = folder.resolve("large.vdi");
    try (var file = new RandomAccessFile(raw.toFile(), "rw")) {
      file.setLength(8L << 40);
      file.seek((8L << 40) - 3);
      file.write('x');
    }

    try (DiskSource source = DiskSource.raw(raw)) {
      NewImage image = dynamic(source.capacity()).withBlockSize(8 << 20);
      new DiskCopy(source, _ -> {}).toVdi(vdi, image, Existing.REFUSED);
    }
    try (DiskSource source = open(List.of(vdi))) {
      new DiskCopy(source, _ -> {}).toRaw(folder.resolve("back.raw"), Existing.REFUSED);
    }

    assertEquals(1, VdiHeader.peek(vdi).allocatedBlocks());
    try (var file = new RandomAccessFile(folder.resolve("back.raw").toFile(), "r")) {
      assertEquals(8L << 40, file.length());
      file.seek((8L << 40) - 3);
      assertEquals('x', file.read());
    }
  }

  @Test
  void zeroesTakeNoSpace() throws Exception {
    Path raw = Files.write(folder.resolve("zero.raw"), new byte[5 << 20]);
    Path vdi = folder.resolve("zero.vdi");

    try (DiskSource source = DiskSource.raw(raw)) {
      new DiskCopy(source, _ -> {}).toVdi(vdi, dynamic(5 << 20), Existing.REFUSED);
    }

    assertEquals(0, VdiHeader.peek(vdi).allocatedBlocks());
    assertEquals(2 << 20, Files.size(vdi));
  }

  @Test
  void progressEndsWithTheCapacity() throws Exception {
    Path raw =
        Files.write(
            folder.resolve("a.raw"), "x".repeat(9 << 20).getBytes(StandardCharsets.US_ASCII));
    var reported = new ArrayList<Long>();

    try (DiskSource source = DiskSource.raw(raw)) {
      new DiskCopy(source, reported::add).toRaw(folder.resolve("b.raw"), Existing.REFUSED);
    }

    assertEquals(List.of(0L, 4L << 20, 8L << 20, 9L << 20), reported);
  }

  @Test
  void existingFileIsReplacedOnlyWhenAskedForAndUnused() throws Exception {
    Path raw = Files.writeString(folder.resolve("a.raw"), "x".repeat(1024));
    Path target = Files.writeString(folder.resolve("b.raw"), "precious");

    try (DiskSource source = DiskSource.raw(raw)) {
      var copy = new DiskCopy(source, _ -> {});
      assertThrows(FileAlreadyExistsException.class, () -> copy.toRaw(target, Existing.REFUSED));
      assertThrows(ImageInUseException.class, () -> copy.toRaw(raw, Existing.REPLACED));
      try (var _ = MappedFile.openReadOnly(target, 0)) {
        assertThrows(ImageInUseException.class, () -> copy.toRaw(target, Existing.REPLACED));
      }
      assertEquals("precious", Files.readString(target));

      copy.toRaw(target, Existing.REPLACED);
    }

    assertEquals("x".repeat(1024), Files.readString(target));
    assertEquals(List.of("a.raw", "b.raw"), files());
  }

  @Test
  void stoppedCopyLeavesNothing() throws Exception {
    Path raw = Files.writeString(folder.resolve("a.raw"), "x".repeat(9 << 20));
    Path target = Files.writeString(folder.resolve("b.raw"), "precious");

    try (DiskSource source = DiskSource.raw(raw)) {
      var copy = new DiskCopy(source, done -> stopAt(4 << 20, done));
      assertThrows(InterruptedIOException.class, () -> copy.toRaw(target, Existing.REPLACED));
    }

    assertFalse(Thread.currentThread().isInterrupted());
    assertEquals("precious", Files.readString(target));
    assertEquals(List.of("a.raw", "b.raw"), files());
  }

  private static void stopAt(long when, long done) {
    if (done == when) Thread.currentThread().interrupt();
  }

  @Test
  @LeftImages.MayBeDamaged
  void damagedSourceFailsTheCopyAndLeavesNothing() throws Exception {
    var image = new HandmadeImage().map(0, 1);
    image.map[1] = 1000;
    Path damaged = image.write(folder.resolve("a.vdi"));

    try (DiskSource source = open(List.of(damaged))) {
      var copy = new DiskCopy(source, _ -> {});
      assertThrows(IOException.class, () -> copy.toRaw(folder.resolve("b.raw"), Existing.REFUSED));
    }

    assertEquals(List.of("a.vdi"), files());
  }

  @Test
  void imageThatIsTooSmallIsRefused() throws Exception {
    Path raw = Files.writeString(folder.resolve("a.raw"), "x".repeat(1024));

    try (DiskSource source = DiskSource.raw(raw)) {
      var copy = new DiskCopy(source, _ -> {});
      assertThrows(
          IllegalArgumentException.class,
          () -> copy.toVdi(folder.resolve("b.vdi"), dynamic(512), Existing.REFUSED));
    }
  }

  private List<String> files() throws IOException {
    try (var entries = Files.list(folder)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static NewImage dynamic(long capacity) {
    return NewImage.dynamic(capacity, UUID::randomUUID);
  }

  private static DiskSource open(List<Path> baseFirst) throws IOException {
    return DiskSource.device(DifferencingChain.open(baseFirst, true, threads));
  }

  private static void assertClean(Path vdi) throws IOException {
    VdiCheck.Report report = VdiCheck.check(vdi);
    assertTrue(
        report.findings().stream().allMatch(finding -> finding.kind() == VdiCheck.Kind.UNUSUAL),
        report::toString);
  }

  private static String sha256(Path file) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    return HexFormat.of().formatHex(digest.digest(Files.readAllBytes(file)));
  }

  private static void assertSucceeds(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> String.join(" ", command));
    assertEquals(0, process.exitValue(), () -> String.join(" ", command) + ": " + said);
  }
}
