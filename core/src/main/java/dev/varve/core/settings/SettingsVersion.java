package dev.varve.core.settings;

import dev.varve.core.xml.XmlElement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The version of the settings format that a file declares, and what depends on it. A program that
 * does not know a value takes the default of the version, so the version of a file is never
 * changed. Immutable.
 *
 * @param text as the file has it, with the system that it was written on: {@code 1.19-linux}
 */
record SettingsVersion(int major, int minor, String text) implements Comparable<SettingsVersion> {

  private static final Pattern TEXT = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(-.*)?");

  /** VirtualBox 4.0; before it machines had no media registries of their own. */
  static final SettingsVersion OLDEST = new SettingsVersion(1, 11);

  /** VirtualBox 4.2; before it limits were in MiB per second. */
  private static final SettingsVersion BYTES = new SettingsVersion(1, 13);

  /** VirtualBox 5.0; before it every device on AHCI was hot-pluggable, and no other. */
  private static final SettingsVersion HOT_PLUG = new SettingsVersion(1, 15);

  /** VirtualBox 6.0; before it the controllers were written beside the hardware. */
  private static final SettingsVersion CONTROLLERS_INSIDE = new SettingsVersion(1, 17);

  /** VirtualBox 7.1; before it the chipset was in the hardware, and all machines were x86. */
  private static final SettingsVersion PLATFORM = new SettingsVersion(1, 20);

  /** VirtualBox 7.3. */
  static final SettingsVersion NEWEST = new SettingsVersion(1, 22);

  private SettingsVersion(int major, int minor) {
    this(major, minor, major + "." + minor);
  }

  /**
   * What the root element declares.
   *
   * @throws SettingsException if it is no version, or too old
   */
  static SettingsVersion of(XmlElement root) throws SettingsException {
    String text = Values.text(root, "version");
    Matcher parts = TEXT.matcher(text);
    if (!parts.matches())
      throw Values.refuse(
          root, "version", "is no version of the settings format; it looks like 1.19-linux");
    var version =
        new SettingsVersion(
            Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)), text);
    if (version.compareTo(OLDEST) < 0)
      throw Values.refuse(
          root,
          "version",
          ("is older than VirtualBox 4.0, and the file does not list its disks; versions %s and"
                  + " newer are read. Change any setting of the machine with VirtualBox 7 to have it"
                  + " saved in a newer version")
              .formatted(OLDEST.text));
    return version;
  }

  /** Whether the file may hold things that did not exist when this program was written. */
  boolean isUnknown() {
    return compareTo(NEWEST) > 0;
  }

  boolean limitsInBytes() {
    return compareTo(BYTES) >= 0;
  }

  boolean savesHotPlug() {
    return compareTo(HOT_PLUG) >= 0;
  }

  boolean controllersInHardware() {
    return compareTo(CONTROLLERS_INSIDE) >= 0;
  }

  boolean hasPlatform() {
    return compareTo(PLATFORM) >= 0;
  }

  @Override
  public int compareTo(SettingsVersion other) {
    return major != other.major
        ? Integer.compare(major, other.major)
        : Integer.compare(minor, other.minor);
  }
}
