package dev.varve.core.xml;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** An XML file in memory. Not thread-safe. */
public final class XmlDocument {

  private final List<XmlText> before;
  private final XmlElement root;
  private final List<XmlText> after;

  /**
   * @param before what stands before the root element, and a byte order mark
   * @param after what stands behind it
   */
  XmlDocument(List<XmlText> before, XmlElement root, List<XmlText> after) {
    this.before = before;
    this.root = root;
    this.after = after;
  }

  public XmlElement root() {
    return root;
  }

  /** As it goes to the file; whatever was not changed as it was read. */
  public byte[] toBytes() {
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
