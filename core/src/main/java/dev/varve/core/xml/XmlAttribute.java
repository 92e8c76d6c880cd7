package dev.varve.core.xml;

/**
 * An attribute of an element. Immutable.
 *
 * @param lead the white space before it
 * @param raw what follows the name, as in the file: the equals sign and the quoted value
 * @param value what it says
 */
record XmlAttribute(String lead, String name, String raw, String value) {

  /** The same attribute with another value; keeps its place and its white space. */
  XmlAttribute with(String newValue) {
    return new XmlAttribute(lead, name, quoted(newValue), newValue);
  }

  static XmlAttribute of(String name, String value) {
    return new XmlAttribute(" ", name, quoted(value), value);
  }

  private static String quoted(String value) {
    return "=\"" + XmlEscape.attribute(value) + '"';
  }
}
