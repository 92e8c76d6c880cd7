package dev.varve.io.image;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.OtherFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KnownFormatTest {

  private static final int LENGTH = 128 << 10;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "VMDK,             0, KDMV",
    "VMDK_EXTENT,      0, COWD",
    "VDI,             64, 7F10DABE",
    "QCOW,             0, 514649FB00000001",
    "QCOW2,            0, 514649FB00000002",
    "QCOW2,            0, 514649FB00000003",
    "QED,              0, 51454400",
    "VHDX,             0, vhdxfile",
    "PARALLELS,        0, WithoutFreeSpace",
    "PARALLELS,        0, WithouFreSpacExt",
    "VHD,              0, conectix",
    "VHD,           -512, conectix",
    "VHD,           -511, conectix",
    "DMG,           -512, koly",
    "DMG,              0, encrcdsa",
    "OVA,            257, ustar",
    "GZIP,             0, 1F8B08",
    "XZ,               0, FD377A585A00",
    "BZIP2,            0, BZh",
    "ZSTD,             0, 28B52FFD",
    "ZIP,              0, 504B0304",
    "SEVEN_ZIP,        0, 377ABCAF271C",
    "LUKS,             0, 4C554B53BABE",
    "ISO,          32769, CD001"
  })
  void aSignatureIsFoundInAFileOfAnyName(KnownFormat format, int offset, String signature)
      throws IOException {
    Path disk = file("disk", at(offset, signature));
    Path raw = file("disk.raw", at(offset, signature));

    assertEquals(format, KnownFormat.of(disk));
    assertEquals(format, KnownFormat.of(raw));
  }

  /** Bytes of a disk, with a signature: hexadecimal digits, or text. Before 0: from the end. */
  private static byte[] at(int offset, String signature) {
    byte[] bytes = disk();
    byte[] sign =
        signature.matches("([0-9A-F]{2})+")
            ? HexFormat.of().parseHex(signature)
            : signature.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(sign, 0, bytes, offset < 0 ? LENGTH + offset : offset, sign.length);
    return bytes;
  }

  private static byte[] disk() {
    byte[] bytes = new byte[LENGTH];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private Path file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static Stream<Arguments> texts() {
    return Stream.of(
        arguments(KnownFormat.VMDK_DESCRIPTOR, "# Disk DescriptorFile\nversion=1\n"),
        arguments(KnownFormat.VMDK_DESCRIPTOR, "# Disk Descriptor File\r\nversion=1\r\n"),
        arguments(KnownFormat.VMDK_DESCRIPTOR, "#Disk DescriptorFile\n"),
        arguments(KnownFormat.VMDK_DESCRIPTOR, "\uFEFF\n#Disk Descriptor File\n"),
        arguments(KnownFormat.SETTINGS, "<?xml?>\n<VirtualBox>\n<Machine uuid=\"\"/>"),
        arguments(KnownFormat.OVF, "<?xml version=\"1.0\"?>\n<Envelope ovf:version=\"1.0\"/>"),
        arguments(KnownFormat.VISO, "--iprt-iso-maker-file-marker 0c1b\n'--name=x' file\n"),
        arguments(KnownFormat.TEXT, "<VirtualBox>\n<Global/></VirtualBox>"),
        arguments(KnownFormat.TEXT, "Für die Katze\n"),
        arguments(KnownFormat.TEXT, "no end of line"),
        arguments(KnownFormat.TEXT, "ä\n".repeat(10_000)));
  }

  @ParameterizedTest
  @MethodSource("texts")
  void textIsNoDisk(KnownFormat format, String text) throws IOException {
    assertEquals(format, KnownFormat.of(Files.writeString(folder.resolve("disk"), text)));
  }

  @Test
  void textIsADiskWhoseNameSaysSo() throws IOException {
    String line = "all work and no play\n";

    assertNull(KnownFormat.of(Files.writeString(folder.resolve("disk.raw"), line)));
    assertNull(KnownFormat.of(Files.writeString(folder.resolve("DISK.IMG"), line)));
    assertEquals(
        KnownFormat.VMDK_DESCRIPTOR,
        KnownFormat.of(Files.writeString(folder.resolve("d.img"), "# Disk DescriptorFile\n")));
  }

  @Test
  void whatADiskCanBeginWithIsRaw() throws IOException {
    byte[] bootSector = new byte[LENGTH];
    bootSector[0] = (byte) 0xEB;
    bootSector[1] = 0x3C;
    bootSector[510] = 0x55;
    bootSector[511] = (byte) 0xAA;
    byte[] letters = new byte[LENGTH];
    Arrays.fill(letters, (byte) 'a');
    byte[] erased = new byte[LENGTH];
    Arrays.fill(erased, (byte) 0xFF);

    for (byte[] raw : new byte[][] {new byte[0], new byte[LENGTH], bootSector, letters, erased})
      assertNull(KnownFormat.of(file("disk", raw)));
    assertNull(KnownFormat.of(file("disk", disk())));
    assertNull(KnownFormat.of(folder));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x.vmdk", "x.QCOW2", "x.qcow", "x.vhd", "x.vhdx", "x.qed", "x.hdd", "x.dmg", "x.ova",
        "x.gz", "x.xz", "x.zst", "x.vbox"
      })
  void aNameWithoutItsSignatureIsNotTakenForRaw(String name) throws IOException {
    Path file = file(name, disk());

    String message =
        assertThrows(
                OtherFormatException.class,
                () -> KnownFormat.requireRaw(file, DeviceType.HARD_DISK))
            .getMessage();

    assertTrue(message.startsWith(file + ": by its name this is "), message);
    assertTrue(message.contains("no signature"), message);
  }

  @Test
  void aVdiImageIsKnownByItsTextOrNameWhenItsSignatureIsGone() throws IOException {
    byte[] vdi = new byte[LENGTH];
    byte[] text = "<<< Oracle VM VirtualBox Disk Image >>>\n".getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, vdi, 0, text.length);

    assertEquals(KnownFormat.VDI, KnownFormat.of(file("disk", vdi)));
    assertEquals(KnownFormat.VDI, KnownFormat.of(file("disk.vdi", new byte[LENGTH])));
    assertEquals(KnownFormat.QCOW2, KnownFormat.of(file("disk.vdi", at(0, "514649FB00000003"))));
  }

  @ParameterizedTest
  @EnumSource
  void whatMayBeInADriveDependsOnTheDrive(DeviceType device) throws IOException {
    Path iso = file("a.iso", at(32769, "CD001"));
    Path tar = file("tar", at(257, "ustar"));
    Path vmdk = file("disk", at(0, "KDMV"));

    assertAccepted(device != DeviceType.HARD_DISK, iso, device);
    assertAccepted(device == DeviceType.FLOPPY, tar, device);
    assertAccepted(false, vmdk, device);
  }

  private static void assertAccepted(boolean accepted, Path file, DeviceType device) {
    if (accepted) assertDoesNotThrow(() -> KnownFormat.requireRaw(file, device));
    else assertThrows(OtherFormatException.class, () -> KnownFormat.requireRaw(file, device));
  }

  @Test
  void aCommandIsWrittenAsAShellNeedsItAndReplacesNoFile() throws IOException {
    Path disk = file("My $Disk (1).vhdx", at(0, "vhdxfile"));
    file("My $Disk (1).vdi", new byte[0]);

    String message = refusal(disk);

    assertTrue(
        message.contains(
            "'qemu-img convert -O vdi -f vhdx %s/My\\ \\$Disk\\ \\(1\\).vhdx %s/My\\ \\$Disk\\ \\(1\\)-2.vdi'"
                .formatted(folder, folder)),
        message);
  }

  private static String refusal(Path file) {
    return assertThrows(
            OtherFormatException.class, () -> KnownFormat.requireRaw(file, DeviceType.HARD_DISK))
        .getMessage();
  }

  @Test
  void aPartOfADiskIsRefusedWithTheNameOfTheWhole() throws IOException {
    String refusal = refusal(file("d.vmdk", at(0, "COWD")));

    assertTrue(refusal.contains("part of a disk"), refusal);
  }

  @Test
  void aNewFileIsNamedForWhatItWillBe() {
    for (String name : new String[] {"x.vdi", "x", "X.VDI", "x.2024"})
      assertNull(ImageName.problem(Path.of(name), ImageFormat.VDI), name);
    for (String name : new String[] {"x.raw", "x.img", "x", "x.dd"})
      assertNull(ImageName.problem(Path.of(name), ImageFormat.RAW), name);
    for (String name :
        new String[] {
          "x.vmdk", "x.vhd", "x.vhdx", "x.qcow", "x.qcow2", "x.qed", "x.hdd", "x.dmg", "x.iso",
          "x.ova", "x.gz"
        }) {
      assertTrue(
          String.valueOf(ImageName.problem(Path.of(name), ImageFormat.VDI)).contains("'x.vdi'"),
          name);
      assertTrue(
          String.valueOf(ImageName.problem(Path.of(name), ImageFormat.RAW)).contains("'x.raw'"),
          name);
    }
    assertTrue(
        String.valueOf(ImageName.problem(Path.of("x.img"), ImageFormat.VDI)).contains("'x.vdi'"));
    assertTrue(
        String.valueOf(ImageName.problem(Path.of("x.vdi"), ImageFormat.RAW)).contains("'x.raw'"));
  }
}
