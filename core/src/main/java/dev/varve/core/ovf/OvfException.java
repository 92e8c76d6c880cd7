package dev.varve.core.ovf;

import dev.varve.core.machine.Names;
import dev.varve.core.xml.XmlElement;
import java.io.IOException;

/** A descriptor breaks a rule: names the file, the line, the value and the rule. Immutable. */
public final class OvfException extends IOException {
  private static final long serialVersionUID = 1;

  public OvfException(String message) {
    super(message);
  }

  /** Says what is wrong with an element, beginning with the file and the line. */
  static OvfException at(XmlElement element, String why) {
    return new OvfException(element.place() + ": " + why);
  }

  /** Says what is wrong with the value of a field. */
  static OvfException at(XmlElement element, String field, String value, String why) {
    return at(element, "%s \"%s\" %s".formatted(field, Names.shown(value), why));
  }
}
