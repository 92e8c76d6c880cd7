package dev.varve.core.ovf;

import dev.varve.core.xml.XmlEscape;
import dev.varve.core.xml.XmlException;

/** The text of a descriptor as it is written, element by element. Not thread-safe. */
final class OvfText {

  private static final String STEP = "  ";

  private final StringBuilder out;
  private String indent = STEP;

  /**
   * @param head all up to the first element in the envelope
   */
  OvfText(String head) {
    this.out = new StringBuilder(head);
  }

  /**
   * @param attributes name and value of each
   */
  OvfText open(String name, String... attributes) throws XmlException {
    tag(name, attributes).append(">\n");
    indent += STEP;
    return this;
  }

  void close(String name) {
    indent = indent.substring(STEP.length());
    out.append(indent).append("</").append(name).append(">\n");
  }

  void empty(String name, String... attributes) throws XmlException {
    tag(name, attributes).append("/>\n");
  }

  void text(String name, String text, String... attributes) throws XmlException {
    tag(name, attributes).append('>');
    out.append(XmlEscape.writtenText(name, text)).append("</").append(name).append(">\n");
  }

  /** XML that is written as it is. */
  void xml(String elements) {
    out.append(indent).append(elements).append('\n');
  }

  private StringBuilder tag(String name, String... attributes) throws XmlException {
    out.append(indent).append('<').append(name);
    for (int i = 0; i < attributes.length; i += 2)
      out.append(' ')
          .append(attributes[i])
          .append("=\"")
          .append(XmlEscape.writtenAttribute(attributes[i], attributes[i + 1]))
          .append('"');
    return out;
  }

  /** Closes the envelope. */
  String end(String envelope) {
    return out.append("</").append(envelope).append(">\n").toString();
  }
}
