package dev.varve.io.vmdk.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.medium.ImageReport;
import dev.varve.io.chain.FormatFixtures;
import dev.varve.io.file.MappedFile;
import dev.varve.io.layer.Damage;
import dev.varve.io.layer.EncodedCheck;
import dev.varve.io.layer.LayerContents;
import dev.varve.io.vmdk.VmdkFormat;
import dev.varve.io.vmdk.VmdkImage;
import dev.varve.io.vmdk.header.SparseHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images with compressed grains and extents of ESX, sound and damaged. */
class StreamExtentTest {

  private static final int SECTOR = 512;
  private static final int GRAIN = 64 << 10;

  /** The first grain's marker in the fixture vmdk-stream. */
  private static final int FIRST_MARKER = 128 * SECTOR;

  @TempDir Path folder;

  private static byte[] read(Path image) throws IOException {
    try (var layer = VmdkImage.openReadOnly(MappedFile.openReadOnly(image, 0))) {
      return LayerContents.read(layer, 0, layer.capacity());
    }
  }

  private Path changed(String fixture, java.util.function.Consumer<ByteBuffer> change)
      throws IOException {
    Path image = FormatFixtures.unpack(fixture, folder);
    byte[] bytes = Files.readAllBytes(image);
    change.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    return Files.write(image, bytes);
  }

  private void assertRefused(Path image, String message) throws IOException {
    byte[] before = Files.readAllBytes(image);

    var refusal = assertThrows(IOException.class, () -> read(image));

    assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
    assertArrayEquals(before, Files.readAllBytes(image), "a refused file is not touched");
  }

  // ---- lies

  @Test
  void aMarkerOfAnotherGrainIsRefused() throws IOException {
    assertRefused(
        changed("vmdk-stream.vmdk", file -> file.putLong(FIRST_MARKER, 128)),
        "the sector in the marker of grain 0 is 128");
  }

  @Test
  void aMarkerWithAnImpossibleLengthIsRefused() throws IOException {
    for (int length : new int[] {0, 2 * GRAIN + 1, -1})
      assertRefused(
          changed("vmdk-stream.vmdk", file -> file.putInt(FIRST_MARKER + 8, length)),
          "the length in the marker of grain 0 is " + Integer.toUnsignedString(length));
  }

  @Test
  void aStreamThatIsDamagedIsFoundByInflatingAll() throws IOException {
    Path sound = FormatFixtures.unpack("vmdk-stream.vmdk", folder);
    assertEquals(List.of(), inflated(sound));

    Path damaged = changed("vmdk-stream.vmdk", file -> file.put(FIRST_MARKER + 20, (byte) 0x55));

    assertEquals(List.of("damagedBlocks"), inflated(damaged));
  }

  private static List<String> inflated(Path image) throws IOException {
    try (var layer = VmdkImage.openReadOnly(MappedFile.openReadOnly(image, 0))) {
      return EncodedCheck.of(layer).stream().map(ImageReport.Finding::kind).toList();
    }
  }

  @Test
  void aStreamThatIsCutIsRefused() throws IOException {
    assertRefused(
        changed("vmdk-stream.vmdk", file -> file.putInt(FIRST_MARKER + 8, 40)),
        "the compressed data of grain 0");
  }

  @Test
  void aStreamThatInflatesToMoreOrLessThanAGrainIsRefused() throws IOException {
    for (int length : new int[] {GRAIN - 1, GRAIN + 1, 1 << 20}) {
      byte[] bomb = deflated(length);
      assertRefused(
          changed(
              "vmdk-stream.vmdk",
              file -> {
                file.putInt(FIRST_MARKER + 8, bomb.length);
                file.put(FIRST_MARKER + 12, bomb, 0, bomb.length);
              }),
          "grain 0");
    }
  }

  private static byte[] deflated(int length) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var deflater = new Deflater(9);
    try (var out = new DeflaterOutputStream(bytes, deflater)) {
      out.write(new byte[length]);
    }
    deflater.end();
    return bytes.toByteArray();
  }

  @Test
  void aFooterThatIsMissingOrSaysSomethingElseIsRefused() throws IOException {
    long footer = Files.size(FormatFixtures.unpack("vmdk-stream.vmdk", folder)) - 2 * SECTOR;
    assertRefused(changed("vmdk-stream.vmdk", file -> file.putInt((int) footer, 0)), "signature");
    assertRefused(
        changed("vmdk-stream.vmdk", file -> file.putLong((int) footer + 12, 8192 + 128)),
        "capacity in the footer");
    assertRefused(
        changed("vmdk-stream.vmdk", file -> file.putLong((int) footer + 56, -1)),
        "grain directory");
    assertRefused(
        changed("vmdk-stream.vmdk", file -> file.putLong((int) footer + 56, 1 << 20)),
        "grain directory");
  }

  @Test
  void damagedEntriesAndMarkersAreFoundWithoutInflating() throws IOException {
    assertEquals(List.of(), damage(FormatFixtures.unpack("vmdk-stream.vmdk", folder)));
    Path image =
        changed(
            "vmdk-stream.vmdk",
            file -> {
              file.putLong(FIRST_MARKER, 7);
              file.putInt(0x87 * SECTOR + 4 * 16, 1 << 30);
            });

    String damage = damage(image).toString();

    assertTrue(damage.contains("entry of grain 16 points outside the file"), damage);
    assertTrue(damage.contains("marker of grain 0 is 7"), damage);
  }

  private static List<String> damage(Path image) throws IOException {
    try (var file = MappedFile.openReadOnly(image, 0)) {
      return StreamExtent.open(file, SparseHeader.read(file), 4 << 20).damage();
    }
  }

  // ---- only read

  @Test
  void anImageIsNeverWritten() throws IOException {
    for (String fixture : List.of("vmdk-stream.vmdk", "q-vmdk-stream.vmdk")) {
      Path image = FormatFixtures.unpack(fixture, folder);
      byte[] before = Files.readAllBytes(image);

      var failure =
          assertThrows(IOException.class, () -> new VmdkFormat().openReadWrite(image, true));

      assertTrue(failure.getMessage().contains("snapshot"), failure.getMessage());
      assertArrayEquals(before, Files.readAllBytes(image));
    }
  }

  // ---- damaged

  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  @ParameterizedTest
  @ValueSource(
      strings = {
        "vmdk-stream.vmdk",
        "q-vmdk-stream.vmdk",
        "hm-vmdk-stream1.vmdk",
        "hm-vmdk-stream2.vmdk"
      })
  void aDamagedImageIsRefusedOrRead(String fixture) throws IOException {
    byte[] sound = Files.readAllBytes(FormatFixtures.unpack(fixture, folder));
    Path image = folder.resolve("damaged");

    Damage.tryAll(
        sound,
        List.of(
            new int[] {0, 90},
            new int[] {SECTOR, 3 * SECTOR},
            new int[] {3 * SECTOR, sound.length},
            new int[] {sound.length - 12 * SECTOR, sound.length - 1}),
        100,
        bytes -> {
          Files.write(image, bytes);
          try (var layer = VmdkImage.openReadOnly(MappedFile.openReadOnly(image, 0))) {
            LayerContents.read(layer, 0, 4 << 20);
            LayerContents.read(layer, layer.capacity() - GRAIN & -layer.blockSize(), GRAIN);
          }
        });
  }

  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  @Test
  void aDamagedExtentOfEsxIsRefusedOrRead() throws IOException {
    Path descriptor = FormatFixtures.chain("hm-vmdk-cowd").unpack(folder).base().file();
    Path extent = folder.resolve("hm-cowd-s.vmdk");
    byte[] sound = Files.readAllBytes(extent);

    Damage.tryAll(
        sound,
        List.of(new int[] {0, 32}, new int[] {0, 4096}, new int[] {0, sound.length}),
        100,
        bytes -> {
          Files.write(extent, bytes);
          try (var layer =
              new VmdkFormat()
                  .openReadOnly(descriptor, false, new dev.varve.io.file.SharedFiles())) {
            assertEquals(4 << 20, LayerContents.read(layer, 0, 4 << 20).length);
          }
        });
  }
}
