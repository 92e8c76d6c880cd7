package dev.varve.core.xml;

/** Writes text so that an XML reader reads the same text. Any thread. */
public final class XmlEscape {
  private XmlEscape() {}

  /**
   * For a new file: a value in double quotes.
   *
   * @param what is written, for messages
   * @throws XmlException if XML cannot hold it
   */
  public static String writtenAttribute(String what, String value) throws XmlException {
    return attribute(writable(what, value));
  }

  /** The same for the text of an element. */
  public static String writtenText(String what, String value) throws XmlException {
    return text(writable(what, value));
  }

  private static String writable(String what, String value) throws XmlException {
    int bad = unwritable(value);
    if (bad >= 0)
      throw new XmlException(
          "%s must not hold the character U+%04X, which no XML file can hold; leave it out"
              .formatted(what, bad));
    return value;
  }

  /** For a value in double quotes. Line ends and tabs, which a reader would turn to spaces, too. */
  static String attribute(String value) {
    return escape(value, true);
  }

  /** For the text of an element. */
  static String text(String value) {
    return escape(value, false);
  }

  private static String escape(String value, boolean attribute) {
    var out = new StringBuilder(value.length() + 8);
    for (int i = 0, c; i < value.length(); i += Character.charCount(c)) {
      c = value.codePointAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append(attribute ? "&quot;" : "\"");
        case '\r' -> out.append("&#13;");
        case '\n' -> out.append(attribute ? "&#10;" : "\n");
        case '\t' -> out.append(attribute ? "&#9;" : "\t");
        default -> out.appendCodePoint(c);
      }
    }
    return out.toString();
  }

  /** The first character of {@code value} that XML cannot hold in any way; -1 if there is none. */
  static int unwritable(String value) {
    return value.codePoints().filter(c -> !isAllowed(c)).findFirst().orElse(-1);
  }

  /** XML 1.0, production 2. */
  private static boolean isAllowed(int c) {
    return c == '\t'
        || c == '\n'
        || c == '\r'
        || c >= 0x20 && c <= 0xD7FF
        || c >= 0xE000 && c <= 0xFFFD
        || c >= 0x1_0000;
  }
}
