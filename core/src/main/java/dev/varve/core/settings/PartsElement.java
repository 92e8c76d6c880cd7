package dev.varve.core.settings;

import dev.varve.core.machine.MachineParts;
import dev.varve.core.xml.XmlElement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an element {@code Machine} says of the machine beside its storage. It is read for packages
 * only, and written for new machines only: what it says stays VirtualBox's. Not thread-safe.
 */
final class PartsElement {

  private static final String HARDWARE = "Hardware";
  private static final String PLATFORM = "Platform";
  private static final String CPU = "CPU";
  private static final String FIRMWARE = "Firmware";

  private PartsElement() {}

  /**
   * What the element says; where it says nothing that can be passed on, what is usual.
   *
   * @param owner whose hardware is meant: the machine, or one of its snapshots
   */
  static MachineParts read(XmlElement machine, XmlElement owner) {
    XmlElement hardware = owner.child(HARDWARE);
    XmlElement platform = owner.child(PLATFORM);
    String word = machine.attribute("OSType");
    XmlElement cpu = inside(platform, CPU) == null ? inside(hardware, CPU) : inside(platform, CPU);
    return new MachineParts(
        word == null || word.isBlank() ? MachineParts.USUAL.osType() : word,
        number(
            value(inside(hardware, "Memory"), "RAMSize"),
            MachineParts.USUAL.memoryMebibytes(),
            MachineParts.MIN_MEMORY,
            MachineParts.MAX_MEMORY),
        number(
            value(cpu, "count"), MachineParts.USUAL.processors(), 1, MachineParts.MAX_PROCESSORS),
        isEfi(hardware));
  }

  private static boolean isEfi(@Nullable XmlElement hardware) {
    String firmware = value(inside(hardware, FIRMWARE), "type");
    return firmware != null && firmware.startsWith("EFI");
  }

  private static @Nullable XmlElement inside(@Nullable XmlElement element, String child) {
    return element == null ? null : element.child(child);
  }

  private static @Nullable String value(@Nullable XmlElement element, String attribute) {
    return element == null ? null : element.attribute(attribute);
  }

  private static int number(@Nullable String text, int usual, int min, int max) {
    if (text == null || !text.matches("\\d{1,9}")) return usual;
    return Math.clamp(Integer.parseInt(text), min, max);
  }

  /** Writes the parts into the element of a new machine, whose file has version 1.19. */
  static void write(XmlElement machine, MachineParts parts) throws SettingsException {
    Values.set(machine, "OSType", parts.osType(), List.of());
    XmlElement hardware = machine.require(HARDWARE);
    PackedElement.take(hardware, parts.virtualBox());
    XmlElement memory = hardware.require("Memory", "IO");
    Values.set(memory, "RAMSize", String.valueOf(parts.memoryMebibytes()), List.of());
    if (parts.efi() && !isEfi(hardware))
      Values.set(hardware.require(FIRMWARE, "IO"), "type", "EFI", List.of());
    // Without it a guest sees one processor, whatever it was made for.
    set(hardware.require("BIOS", "IO").require("IOAPIC"), "enabled");
    XmlElement cpu = hardware.require(CPU);
    if (parts.processors() > 1)
      Values.set(cpu, "count", String.valueOf(parts.processors()), List.of());
    set(cpu.require("PAE"), "enabled");
    if (parts.osType().endsWith("_64")) set(cpu.require("LongMode"), "enabled");
  }

  private static void set(XmlElement element, String flag) throws SettingsException {
    Values.set(element, flag, "true", List.of());
  }
}
