package dev.varve.core.settings;

import dev.varve.core.xml.XmlElement;
import java.util.Set;

/** What all settings files have in common: the root element, and the version of the format. */
final class SettingsFormat {

  static final String ROOT = "VirtualBox";
  private static final String GLOBAL = "Global";

  /** The usual namespace, and the one of files that began before version 1.15. */
  private static final Set<String> NAMESPACES =
      Set.of("http://www.virtualbox.org/", "http://www.innotek.de/VirtualBox-settings");

  private SettingsFormat() {}

  /**
   * Refuses what is no settings file, or one of a version that is too old.
   *
   * @param content the element that the root must hold
   * @return that element
   */
  static XmlElement content(XmlElement root, String content) throws SettingsException {
    MistakenFile.checkRoot(root);
    if (!root.name().equals(ROOT) || !NAMESPACES.contains(root.namespace()))
      throw SettingsException.at(
          root,
          ("the root of a settings file is VirtualBox of the namespace http://www.virtualbox.org/;"
              + " this is another kind of file"));
    SettingsVersion.of(root);
    XmlElement found = Values.only(root, content);
    XmlElement global = root.child(GLOBAL);
    if (found == null && global != null) throw MistakenFile.globalFile(global);
    if (found == null)
      throw SettingsException.at(
          root, "the element %s is missing; check that it is the right file".formatted(content));
    return found;
  }
}
