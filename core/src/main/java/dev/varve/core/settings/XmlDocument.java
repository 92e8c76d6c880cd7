package dev.varve.core.settings;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An XML file in memory.
 *
 * @param before what stands before the root element, and a byte order mark
 * @param after what stands behind it
 */
record XmlDocument(List<XmlText> before, XmlElement root, List<XmlText> after) {

  /** As it goes to the file; whatever was not changed as it was read. */
  byte[] toBytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    var out = new StringBuilder();
    for (XmlText text : before) text.write(out);
    root.write(out);
    for (XmlText text : after) text.write(out);
    return out.toString();
  }
}
