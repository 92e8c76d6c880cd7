package dev.varve.core.settings;

import dev.varve.core.xml.XmlElement;
import dev.varve.core.xml.XmlEscape;
import dev.varve.core.xml.XmlException;
import dev.varve.core.xml.XmlReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The element {@code vbox:Machine} of a package, in which VirtualBox keeps what OVF has no words
 * for: made of a settings file, and taken into one. Stateless; any thread.
 *
 * <p>It has the elements of the settings file as they are. What it has of the host of another
 * machine, such as files, folders and devices, is not taken.
 */
final class PackedElement {

  private static final String HARDWARE = "Hardware";
  private static final String PLATFORM = "Platform";
  private static final String CONTROLLERS = "StorageControllers";
  private static final List<String> FIELDS =
      List.of("uuid", "name", "OSType", "snapshotFolder", "lastStateChange");

  /** What is taken of the hardware: what a guest sees, without the storage. */
  private static final List<String> TAKEN =
      List.of(
          "Firmware",
          "HID",
          "Boot",
          "Paravirt",
          "Display",
          "USB",
          "Network",
          "AudioAdapter",
          "RTC");

  /** Elements in these that name files, or devices, of the host. */
  private static final Map<String, Set<String>> LEFT_OUT =
      Map.of("USB", Set.of("DeviceFilters"), "Network", Set.of("TFTP"));

  /** So that names without prefixes are VirtualBox's. */
  private static final String ENVELOPE =
      """
      <Envelope xmlns="http://www.virtualbox.org/" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:vbox="http://www.virtualbox.org/ovf/machine">
      """;

  private PackedElement() {}

  // ---- made

  /**
   * The element for a package, as text; empty if the hardware cannot stand outside its file.
   *
   * @param owner the machine or one of its snapshots, whose hardware is meant
   */
  static String of(XmlElement machine, XmlElement owner, SettingsVersion version)
      throws SettingsException {
    XmlElement hardware = Values.only(owner, HARDWARE);
    if (hardware == null) return "";
    XmlElement packed = hardware.copy();
    XmlElement controllers = owner.child(CONTROLLERS); // where old files have them
    if (controllers != null && packed.child(CONTROLLERS) == null) packed.add(controllers.copy());
    for (XmlElement element : packed.descendants()) stripDrive(element);
    for (XmlElement bios : packed.elements("BIOS")) remove(bios, "NVRAM"); // a file of the host
    XmlElement platform = owner.child(PLATFORM);
    if (!packed.isPlain() || platform != null && !platform.isPlain()) return "";
    var text = new StringBuilder("<vbox:Machine ovf:required=\"false\"");
    attribute(text, "version", version.text());
    for (String field : FIELDS) {
      String value = machine.attribute(field);
      if (value != null) attribute(text, field, value);
    }
    text.append(">\n      <ovf:Info>Machine settings in VirtualBox's own form</ovf:Info>\n      ");
    if (platform != null) {
      platform.copy().write(text);
      text.append("\n      ");
    }
    packed.write(text);
    return text.append("\n    </vbox:Machine>").toString();
  }

  /** A package has no discs: the drives are empty. */
  private static void stripDrive(XmlElement element) {
    if (!element.name().equals("AttachedDevice")) return;
    if ("HardDisk".equals(element.attribute("type"))) return;
    remove(element, "Image");
    remove(element, "HostDrive");
  }

  private static void remove(XmlElement element, String child) {
    for (XmlElement found : element.elements(child)) found.detach();
  }

  private static void attribute(StringBuilder text, String name, String value)
      throws SettingsException {
    try {
      text.append(' ').append(name).append("=\"");
      text.append(XmlEscape.writtenAttribute(name, value)).append('"');
    } catch (XmlException e) {
      throw new SettingsException(String.valueOf(e.getMessage()));
    }
  }

  // ---- taken

  /**
   * Takes what can be taken of such an element into the hardware of a new machine.
   *
   * @param text of the element, or empty; one that cannot be read is as good as none
   */
  static void take(XmlElement hardware, String text) {
    if (text.isEmpty()) return;
    XmlElement packed = read(text);
    if (packed == null) return;
    for (XmlElement element : packed.elements()) {
      if (!TAKEN.contains(element.name()) || !element.isPlain()) continue;
      if (hardware.child(element.name()) != null) continue;
      XmlElement taken = element.copy();
      Set<String> leftOut = LEFT_OUT.getOrDefault(element.name(), Set.of());
      for (XmlElement inside : taken.descendants()) {
        if (leftOut.contains(inside.name())) inside.detach();
        inside.remove("trace");
        inside.remove("tracefile"); // a file of the host, which the adapter would write
      }
      hardware.add(taken, "IO");
    }
  }

  private static @Nullable XmlElement read(String text) {
    byte[] bytes = (ENVELOPE + text + "</Envelope>").getBytes(StandardCharsets.UTF_8);
    try {
      for (XmlElement machine : XmlReader.read("vbox:Machine", bytes).root().elements())
        for (XmlElement inside : machine.elements())
          if (inside.name().equals(HARDWARE)) return inside;
      return null;
    } catch (XmlException _) {
      return null;
    }
  }
}
