package dev.varve.core.xml;

/** Writes text so that an XML reader reads the same text. */
final class XmlEscape {
  private XmlEscape() {}

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
