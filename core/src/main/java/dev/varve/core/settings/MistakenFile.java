package dev.varve.core.settings;

import dev.varve.core.journal.DurableFile;
import dev.varve.core.xml.XmlElement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What people give as a machine's settings file, and what is none. Each is told what it is. */
final class MistakenFile {

  private static final String SETTINGS = ".vbox";

  /** How files of other kinds begin. */
  private static final Map<String, String> BEGINNINGS =
      Map.of(
          "<<< ", "a disk image (VDI)",
          "KDMV", "a disk image (VMDK)",
          "# Disk DescriptorFile", "a disk image (VMDK)",
          "QFI\u00fb", "a disk image (QCOW)",
          "conectix", "a disk image (VHD)",
          "vhdxfile", "a disk image (VHDX)",
          "QED\0", "a disk image (QED)");

  private static final String TAR = "ustar";
  private static final int TAR_AT = 257;

  /** What other endings of the name mean. */
  private static final Map<String, String> ENDINGS =
      Map.of(
          DurableFile.PREVIOUS,
          "the previous version of '%s'",
          "-tmp",
          "what VirtualBox was writing when it ended; the settings file is '%s'",
          DurableFile.STAGED,
          "what Varve was writing when it ended; the settings file is '%s'");

  private MistakenFile() {}

  /**
   * Refuses what is something else.
   *
   * @param contents what the file holds
   */
  static void check(Path file, byte[] contents) throws SettingsException {
    checkName(file);
    if (isBlank(contents))
      throw refusal(
          file,
          (contents.length == 0 ? "it is empty" : "it holds nothing but zeroes")
              + ", as a crash or a full disk leaves it; bring back a saved copy"
              + PreviousVersion.hint(file));
    String begin = text(contents, 0, 32);
    for (Map.Entry<String, String> beginning : BEGINNINGS.entrySet())
      if (begin.startsWith(beginning.getKey()))
        throw refusal(
            file,
            "it is %s and no machine; name the machine's settings file (.vbox), or serve the image itself with 'varve serve %s'"
                .formatted(beginning.getValue(), file.getFileName()));
    if (text(contents, TAR_AT, TAR.length()).equals(TAR))
      throw refusal(
          file,
          "it is an archive, as an appliance (OVA) is; import it with VirtualBox, and name the settings file (.vbox) that this makes");
  }

  private static void checkName(Path file) throws SettingsException {
    String name = String.valueOf(file.getFileName());
    for (Map.Entry<String, String> ending : ENDINGS.entrySet())
      if (name.endsWith(SETTINGS + ending.getKey())) {
        String settings = name.substring(0, name.length() - ending.getKey().length());
        throw refusal(
            file,
            "it is "
                + ending.getValue().formatted(settings)
                + "; name '%s'. If that is lost or damaged, copy this file to it first"
                    .formatted(settings));
      }
  }

  private static boolean isBlank(byte[] contents) {
    for (byte b : contents) if (b != 0) return false;
    return true;
  }

  private static String text(byte[] contents, int from, int length) {
    if (from >= contents.length) return "";
    int end = Math.min(length, contents.length - from);
    return new String(contents, from, end, StandardCharsets.ISO_8859_1);
  }

  /** What to say of a folder. */
  static SettingsException folder(Path folder) {
    List<String> settings = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SETTINGS)) {
      for (Path file : files) settings.add("'" + file.getFileName() + "'");
    } catch (IOException e) {
      // Then there is nothing more to say.
    }
    settings.sort(null);
    return refusal(
        folder,
        "it is a folder; name the settings file itself"
            + (settings.isEmpty() ? "" : ": " + String.join(" or ", settings)));
  }

  /** What to say of XML with another root than a settings file has, or other contents. */
  static void checkRoot(XmlElement root) throws SettingsException {
    if (root.name().equals("Envelope") || root.name().endsWith(":Envelope"))
      throw SettingsException.at(
          root,
          "an appliance (OVF); import it with VirtualBox, and name the settings file (.vbox) that"
              + " this makes");
    if (!root.name().equals(SettingsFormat.ROOT)) return;
    XmlElement encrypted = root.child("MachineEncrypted");
    if (encrypted != null) {
      String name = encrypted.attribute("name");
      throw SettingsException.at(
          encrypted,
          "the settings of this machine are encrypted, and Varve does not decrypt them; decrypt them"
              + " first: VBoxManage encryptvm '%s' setencryption --old-password FILE"
                  .formatted(name == null ? encrypted.attribute("uuid") : name));
    }
  }

  /** What to say of VirtualBox's own file. */
  static SettingsException globalFile(XmlElement global) {
    List<String> machines = new ArrayList<>();
    XmlElement list = global.child("MachineRegistry");
    if (list != null)
      for (XmlElement entry : list.elements("MachineEntry"))
        if (entry.attribute("src") != null) machines.add("'" + entry.attribute("src") + "'");
    return SettingsException.at(
        global,
        "a list of machines and no machine; name the settings files that it lists"
            + (machines.isEmpty() ? "" : ": " + String.join(", ", machines)));
  }

  private static SettingsException refusal(Path file, String why) {
    return new SettingsException(file + ": " + why);
  }
}
