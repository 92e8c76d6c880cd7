package dev.varve.io.qcow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.ImageReport;
import dev.varve.core.testing.NeedsTools;
import dev.varve.io.chain.FormatFixtures;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.Damage;
import dev.varve.io.layer.ImageFormatException;
import dev.varve.io.layer.LayerContents;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** QCOW images that QEMU and VirtualBox made, of many shapes, sound and damaged. */
class QcowImageTest {

  private static final long KIB = 1024;

  @TempDir Path folder;

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  private static byte[] read(Path image) throws IOException {
    try (var layer = QcowImage.openReadOnly(MappedFile.openReadOnly(image, 0))) {
      return LayerContents.read(layer, 0, layer.capacity());
    }
  }

  // ---- shapes

  /** Random writes, zeroes and discards by QEMU. */
  private static void fill(Path image, long capacity, Random random) throws Exception {
    List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2", "-d", "unmap"));
    for (int i = 0; i < 40; i++) {
      long length = 512 * (1 + random.nextInt(random.nextBoolean() ? 16 : 400));
      long offset = random.nextLong((capacity - length) / 512) * 512;
      String range = offset + " " + length;
      command.add("-c");
      command.add(
          switch (random.nextInt(6)) {
            case 0 -> "write -z " + range;
            case 1 -> "write -z -u " + range;
            case 2 -> "discard " + range;
            default -> "write -P " + (1 + random.nextInt(255)) + " " + range;
          });
    }
    command.add(image.toString());
    run(command.toArray(String[]::new));
  }

  private void assertReadsAsQemuReads(Path image) throws Exception {
    Path raw = folder.resolve("raw");
    run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
    assertArrayEquals(Files.readAllBytes(raw), read(image), image::toString);
  }

  @NeedsTools({"qemu-img", "qemu-io"})
  @ParameterizedTest
  @ValueSource(
      strings = {
        "compat=0.10,cluster_size=512",
        "compat=0.10",
        "compat=1.1,cluster_size=1024",
        "compat=1.1,cluster_size=4096,lazy_refcounts=on",
        "compat=1.1",
        "compat=1.1,preallocation=metadata",
        "compat=1.1,cluster_size=2M",
        "compat=1.1,extended_l2=on,cluster_size=16k",
        "compat=1.1,extended_l2=on,cluster_size=128k",
        "compat=1.1,extended_l2=on,cluster_size=2M",
        "compat=1.1,refcount_bits=1,cluster_size=8k"
      })
  void imagesOfQemuReadAsQemuReadsThem(String options) throws Exception {
    Path image = folder.resolve("image");
    Path packed = folder.resolve("packed");
    var random = new Random(options.hashCode());
    long capacity = 512 * (20_000 + random.nextInt(5000));
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), "" + capacity);
    fill(image, capacity, random);
    assertReadsAsQemuReads(image);

    String kept = options.replaceAll(",?(refcount_bits|preallocation)=[^,]*", "");
    pack(image, packed, kept);
    fill(packed, capacity, random);
    assertReadsAsQemuReads(packed);

    if (options.contains("0.10")) return;
    pack(image, packed, kept + ",compression_type=zstd");
    fill(packed, capacity, random);
    assertReadsAsQemuReads(packed);
  }

  private static void pack(Path image, Path packed, String options) throws Exception {
    String[] command = {"qemu-img", "convert", "-c", "-f", "qcow2", "-O", "qcow2", "-o", options};
    List<String> words = new ArrayList<>(List.of(command));
    words.addAll(List.of(image.toString(), packed.toString()));
    run(words.toArray(String[]::new));
  }

  @NeedsTools("qemu-img")
  @Test
  void anImageOfAnInternalSnapshotShowsItsPresentState() throws Exception {
    Path image = folder.resolve("image");
    run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "10M");
    fill(image, 10 << 20, new Random(1));
    run("qemu-img", "snapshot", "-c", "one", image.toString());
    fill(image, 10 << 20, new Random(2));

    assertReadsAsQemuReads(image);
    assertTrue(new QcowFormat().notes(image).toString().contains("internal snapshots (1)"));
  }

  // ---- refused

  private void assertRefused(String fixture, int offset, int bytes, long value, String field)
      throws Exception {
    Path image = FormatFixtures.unpack(fixture, folder);
    byte[] damaged = Files.readAllBytes(image);
    var buffer = ByteBuffer.wrap(damaged);
    if (bytes == 4) buffer.putInt(offset, (int) value);
    else buffer.putLong(offset, value);
    Files.write(image, damaged);

    var refusal = assertThrows(ImageFormatException.class, () -> read(image));

    assertTrue(refusal.getMessage().contains(field), refusal.getMessage());
    assertArrayEquals(damaged, Files.readAllBytes(image), "a refused file is not touched");
  }

  @Test
  void aHeaderThatBreaksARuleIsRefusedWithTheFieldAndTheRule() throws Exception {
    String v3 = "qcow2-v3.qcow2";
    assertRefused(v3, 4, 4, 4, "version is 4");
    assertRefused(v3, 20, 4, 22, "cluster bits is 22");
    assertRefused(v3, 20, 4, 63, "cluster bits");
    assertRefused(v3, 24, 8, -512, "capacity");
    assertRefused(v3, 24, 8, 1L << 51, "capacity");
    assertRefused(v3, 24, 8, 1L << 40, "number of L1 entries");
    assertRefused(v3, 32, 4, 1, "encryption is 1 (AES)");
    assertRefused(v3, 32, 4, 2, "encryption is 2 (LUKS)");
    assertRefused(v3, 36, 4, -1, "number of L1 entries");
    assertRefused(v3, 40, 8, 1L << 62, "offset of the L1 table");
    assertRefused(v3, 40, 8, 0x30001, "offset of the L1 table");
    assertRefused(v3, 48, 8, 1L << 40, "offset of the refcount table");
    assertRefused(v3, 56, 4, 1 << 30, "clusters of the refcount table");
    assertRefused(v3, 60, 4, -1, "snapshots");
    assertRefused(v3, 72, 8, 2, "corrupt");
    assertRefused(v3, 72, 8, 4, "external data file");
    assertRefused(v3, 72, 8, 8, "compression");
    assertRefused(v3, 72, 8, 1L << 40, "incompatible features");
    assertRefused(v3, 96, 4, 7, "refcount order");
    assertRefused(v3, 100, 4, 80, "header length");
    assertRefused(v3, 8, 8, 1L << 40, "backing name");
    assertRefused("qcow2-4k.qcow2".replace("4k", "v2-4k"), 20, 4, 8, "cluster bits");
    assertRefused("clone-qcow.qcow", 36, 4, 1, "encryption");
    assertRefused("clone-qcow.qcow", 32, 4, 0x20090000, "cluster bits");
    assertRefused("clone-qcow.qcow", 32, 4, 0x0C3F0000, "bits of an L2 table");
    assertRefused("clone-qcow.qcow", 40, 8, 1L << 40, "offset of the L1 table");
  }

  @ParameterizedTest
  @ValueSource(strings = {"qcow2-512.qcow2", "clone-qcow.qcow"})
  void anL2TableThatIsNamedTwiceIsRefused(String fixture) throws Exception {
    Path image = FormatFixtures.unpack(fixture, folder);
    var buffer = ByteBuffer.wrap(Files.readAllBytes(image));
    int l1 = (int) buffer.getLong(40);
    long table = buffer.getLong(l1);
    assertTrue(table != 0);
    buffer.putLong(l1 + 8, fixture.endsWith("2") ? table : table + 8); // they overlap
    Files.write(image, buffer.array());

    var refusal = assertThrows(ImageFormatException.class, () -> read(image));

    assertTrue(refusal.getMessage().contains("offset of L2 table 1"), refusal.getMessage());
    ImageReport report = new QcowFormat().check(image, false);
    assertEquals(ImageReport.Status.DAMAGED, report.status());
    assertArrayEquals(buffer.array(), Files.readAllBytes(image));
  }

  @Test
  void anImageIsNeverWritten() throws Exception {
    Path image = FormatFixtures.unpack("qcow2-v3.qcow2", folder);
    byte[] before = Files.readAllBytes(image);
    var format = new QcowFormat();

    var failure = assertThrows(IOException.class, () -> format.openReadWrite(image, true));
    assertTrue(failure.getMessage().contains("make a snapshot"), failure.getMessage());
    assertThrows(IOException.class, () -> format.reset(image));
    assertThrows(IOException.class, () -> format.changeParent(image, null));
    assertThrows(IOException.class, () -> format.checkGrowth(image, 1L << 30));
    try (var layer = QcowImage.openReadOnly(MappedFile.openReadOnly(image, 0))) {
      assertThrows(IOException.class, layer::allowWriting);
    }

    assertArrayEquals(before, Files.readAllBytes(image));
  }

  // ---- damaged

  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  @ParameterizedTest
  @ValueSource(
      strings = {
        "qcow2-comp.qcow2",
        "qcow2-512.qcow2",
        "qcow2-zero.qcow2",
        "qcow2-extl2.qcow2",
        "qcow2-zstd.qcow2",
        "clone-qcow.qcow"
      })
  void aDamagedImageIsRefusedOrRead(String fixture) throws Exception {
    byte[] sound = Files.readAllBytes(FormatFixtures.unpack(fixture, folder));
    Path image = folder.resolve("damaged");
    List<int[]> important =
        List.of(
            new int[] {0, 120},
            new int[] {0, 120},
            new int[] {0x1000, Math.min(0x60000, sound.length)});

    Damage.tryAll(
        sound,
        important,
        80,
        bytes -> {
          Files.write(image, bytes);
          new QcowFormat().check(image, false);
          try (var layer = QcowImage.openReadOnly(MappedFile.openReadOnly(image, 0))) {
            LayerContents.read(layer, 0, 1024 * KIB);
            LayerContents.read(layer, layer.capacity() - 512 * KIB, 1024 * KIB);
            LayerContents.read(layer, layer.capacity() / 2 & -layer.blockSize(), 256 * KIB);
          }
        });
  }

  @Test
  void anEntryThatPointsToNoClusterIsFoundByTheCheck() throws Exception {
    Path image = FormatFixtures.unpack("qcow2-v3.qcow2", folder);
    var format = new QcowFormat();
    assertEquals(ImageReport.Status.CLEAN, format.check(image, false).status());
    byte[] bytes = Files.readAllBytes(image);
    var buffer = ByteBuffer.wrap(bytes);
    int l1 = (int) buffer.getLong(40);
    int l2 = (int) (buffer.getLong(l1) & 0x00FF_FFFF_FFFF_FE00L);
    buffer.putLong(l2, 0x8000_0000_0000_0200L);
    Files.write(image, bytes);

    ImageReport report = format.check(image, false);

    assertEquals(ImageReport.Status.DAMAGED, report.status());
    assertTrue(report.findings().getFirst().message().contains("1 clusters cannot be read"));
    assertThrows(IOException.class, () -> read(image));
  }

  // ---- counts of references

  @NeedsTools({"qemu-img", "qemu-io"})
  @ParameterizedTest
  @ValueSource(
      strings = {
        "compat=0.10,cluster_size=512",
        "compat=1.1",
        "compat=1.1,extended_l2=on,cluster_size=16k",
        "compat=1.1,refcount_bits=1,cluster_size=8k",
        "compat=1.1,refcount_bits=4,cluster_size=4k",
        "compat=1.1,refcount_bits=64,cluster_size=4k",
        "compat=1.1,preallocation=metadata,cluster_size=4k"
      })
  void countsThatQemuWroteAreRight(String options) throws Exception {
    Path image = folder.resolve("image");
    Path packed = folder.resolve("packed");
    boolean snapshots = !options.contains("refcount_bits=1,");
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), "8M");
    fill(image, 8 << 20, new Random(1));
    if (snapshots) run("qemu-img", "snapshot", "-c", "one", image.toString());
    fill(image, 8 << 20, new Random(2));
    pack(image, packed, options.replaceAll(",?(refcount_bits|preallocation)=[^,]*", ""));

    assertEquals(List.of(), damages(image));
    assertEquals(List.of(), damages(packed));
    assertEquals(List.of(), references(image, 100), "in small windows");
  }

  private static List<String> damages(Path image) throws IOException {
    return new QcowFormat()
        .check(image, false).findings().stream()
            .filter(found -> !found.severity().equals("note"))
            .map(ImageReport.Finding::kind)
            .toList();
  }

  private static List<String> references(Path image, int window) throws IOException {
    try (var file = MappedFile.openReadOnly(image, 0)) {
      return ReferenceCheck.of(file, HeaderRules.read(file), window).stream()
          .map(ImageReport.Finding::kind)
          .toList();
    }
  }

  @Test
  void countThatIsTooHighIsALeakAndOneThatIsTooLowIsDamage() throws Exception {
    Path image = FormatFixtures.unpack("qcow2-v3.qcow2", folder);
    var bytes = ByteBuffer.wrap(Files.readAllBytes(image));
    int block = (int) bytes.getLong((int) bytes.getLong(48));

    bytes.putShort(block, (short) 2); // the header
    Files.write(image, bytes.array());
    ImageReport leak = new QcowFormat().check(image, false);
    bytes.putShort(block, (short) 0);
    Files.write(image, bytes.array());
    ImageReport tooLow = new QcowFormat().check(image, false);

    assertEquals(ImageReport.Status.LEAKS, leak.status());
    assertTrue(leak.findings().getFirst().message().startsWith("1 clusters (65536 bytes)"));
    assertEquals(ImageReport.Status.DAMAGED, tooLow.status());
    assertTrue(tooLow.findings().getFirst().message().contains("the first at byte 0 of the file"));
  }

  @Timeout(value = 20, unit = TimeUnit.SECONDS)
  @Test
  void tablesThatLieOutsideTheFileAreCountedAtOnce() throws Exception {
    Path image = FormatFixtures.unpack("qcow2-v3.qcow2", folder);
    byte[] bytes = Files.readAllBytes(image);
    int entries = 1 << 20;
    var large = ByteBuffer.wrap(java.util.Arrays.copyOf(bytes, bytes.length + 8 * entries));
    large.putLong(24, (long) entries << 29).putInt(36, entries).putLong(40, bytes.length);
    for (int i = 0; i < entries; i++) large.putLong(bytes.length + 8 * i, (1L << 50) + (i << 16));
    Files.write(image, large.array());

    ImageReport report = new QcowFormat().check(image, false);

    String message = report.findings().getFirst().message();
    assertTrue(message.startsWith(((long) entries << 13) + " clusters cannot be read"), message);
  }

  @Test
  void zeroClustersAreNotedSinceVirtualBoxReadsThemWrong() throws Exception {
    Path image = FormatFixtures.unpack("qcow2-zero.qcow2", folder);

    assertTrue(new QcowFormat().notes(image).toString().contains("VirtualBox shows wrong data"));
  }
}
