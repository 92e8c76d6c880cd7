package dev.varve.core.settings;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What all settings files have in common: the root element, and the version of the format. */
final class SettingsFormat {

  private static final String NAMESPACE = "http://www.virtualbox.org/";
  private static final Pattern VERSION = Pattern.compile("1\\.(\\d{1,4})(-.*)?");

  /** VirtualBox 4.0; before it media had no registries of their own. */
  private static final int OLDEST_MINOR = 12;

  /** VirtualBox 7.2. */
  private static final int NEWEST_MINOR = 19;

  private SettingsFormat() {}

  /**
   * Refuses what is no settings file, or one of a version that is not known.
   *
   * @param content the element that the root must hold
   * @return that element
   */
  static XmlElement content(XmlElement root, String content) throws SettingsException {
    if (!root.name().equals("VirtualBox") || !root.namespace().equals(NAMESPACE))
      throw root.refuse(
          ("the root of a settings file is VirtualBox of the namespace %s; this is another kind"
                  + " of file")
              .formatted(NAMESPACE));
    Matcher version = VERSION.matcher(Values.text(root, "version"));
    int minor = version.matches() ? Integer.parseInt(version.group(1)) : 0;
    if (minor < OLDEST_MINOR || minor > NEWEST_MINOR)
      throw Values.refuse(
          root,
          "version",
          "is not read; versions 1.%d to 1.%d are. Save it with VirtualBox 7.2 to have it converted"
              .formatted(OLDEST_MINOR, NEWEST_MINOR));
    XmlElement found = root.child(content);
    if (found == null)
      throw root.refuse(
          "the element %s is missing; check that it is the right file".formatted(content));
    return found;
  }
}
