package dev.varve.core.settings;

import dev.varve.core.xml.XmlElement;
import dev.varve.core.xml.XmlException;
import java.io.IOException;

/**
 * A settings file is damaged, or says something that cannot be: names the file, line and rule.
 * Immutable.
 */
public final class SettingsException extends IOException {
  private static final long serialVersionUID = 1;

  public SettingsException(String message) {
    super(message);
  }

  SettingsException(XmlException e) {
    super(e.getMessage(), e);
  }

  /** Says what is wrong with an element, beginning with the file and the line. */
  static SettingsException at(XmlElement element, String why) {
    return new SettingsException(element.place() + ": " + why);
  }
}
