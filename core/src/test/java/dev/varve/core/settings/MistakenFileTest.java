package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What people give as a settings file, and what is said of it. */
class MistakenFileTest {

  @TempDir Path folder;

  private Path file(String name, byte[] contents) throws IOException {
    return Files.write(folder.resolve(name), contents);
  }

  private static String refused(Path file) {
    String message =
        assertThrows(SettingsException.class, () -> MachineFile.read(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @ParameterizedTest
  @CsvSource({
    "<<< Oracle VM VirtualBox Disk Image >>>, VDI",
    "KDMV, VMDK",
    "# Disk DescriptorFile, VMDK",
    "conectix, VHD",
    "vhdxfile, VHDX"
  })
  void aDiskImageIsToldAsOne(String begin, String format) throws IOException {
    byte[] image = Arrays.copyOf(begin.getBytes(StandardCharsets.ISO_8859_1), 4096);

    String message = refused(file("m.vbox", image));

    assertTrue(message.contains("a disk image (" + format + ")"), message);
    assertTrue(message.contains("varve serve m.vbox"), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4096})
  void whatACrashLeftEmptyIsToldWithThePreviousVersion(int length) throws IOException {
    Path file = file("m.vbox", new byte[length]);
    assertFalse(refused(file).contains("m.vbox-prev"));

    file("m.vbox-prev", Samples.bytes(Samples.ATTACHED));
    assertTrue(refused(file).contains("m.vbox-prev' is a good one"), refused(file));

    file("m.vbox-prev", new byte[length]);
    assertTrue(refused(file).contains("m.vbox-prev' cannot be read either"), refused(file));
    assertEquals(length, Files.size(file));
  }

  @Test
  void atATruncatedFileThePreviousVersionIsNamedToo() throws IOException {
    byte[] whole = Samples.bytes(Samples.ATTACHED);
    Path file = file("m.vbox", Arrays.copyOf(whole, whole.length / 2));
    file("m.vbox-prev", whole);

    String message = refused(file);

    assertTrue(message.contains("not well-formed XML"), message);
    assertTrue(message.contains("m.vbox-prev' is a good one"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.vbox-prev", "m.vbox-tmp", "m.vbox.varve-new"})
  void aFileBesideTheSettingsFileIsNotTakenForIt(String name) throws IOException {
    String message = refused(file(name, Samples.bytes(Samples.ATTACHED)));

    assertTrue(message.contains("name 'm.vbox'"), message);
  }

  @Test
  void aFolderIsToldWithTheSettingsFilesInIt() throws IOException {
    file("b.vbox", new byte[0]);
    file("a.vbox", new byte[0]);
    file("a.vbox-prev", new byte[0]);

    String message = refused(folder);

    assertTrue(
        message.endsWith("it is a folder; name the settings file itself: 'a.vbox' or 'b.vbox'"));
  }

  @Test
  void anApplianceIsToldAsOne() throws IOException {
    byte[] archive = new byte[10240];
    System.arraycopy("m.ovf".getBytes(StandardCharsets.US_ASCII), 0, archive, 0, 5);
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, archive, 257, 5);
    String ovf =
        "<?xml version='1.0'?>\n<Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1'/>";

    assertTrue(refused(file("m.ova", archive)).contains("(OVA)"));
    assertTrue(refused(file("m.ovf", Samples.utf8(ovf))).contains("(OVF)"));
  }

  @Test
  void virtualBoxesOwnFileIsToldWithTheMachinesThatItLists() throws IOException {
    String global =
        "<VirtualBox xmlns='http://www.virtualbox.org/' version='1.12-linux'><Global>"
            + "<MachineRegistry><MachineEntry uuid='{1}' src='/vm/a/a.vbox'/></MachineRegistry>"
            + "</Global></VirtualBox>";

    String message = refused(file("VirtualBox.xml", Samples.utf8(global)));

    assertTrue(message.contains("name the settings files that it lists: '/vm/a/a.vbox'"), message);
  }

  @Test
  void anEncryptedMachineIsToldAsOne() throws IOException {
    String encrypted =
        "<VirtualBox xmlns='http://www.virtualbox.org/' version='1.19-linux'>"
            + "<MachineEncrypted uuid='{1}' name='mail' keyId='k' keyStore='A'>AAAA</MachineEncrypted>"
            + "</VirtualBox>";

    String message = refused(file("m.vbox", Samples.utf8(encrypted)));

    assertTrue(message.contains("encrypted"), message);
    assertTrue(message.contains("VBoxManage encryptvm 'mail' setencryption"), message);
  }
}
