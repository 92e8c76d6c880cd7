package dev.varve.core.settings;

/** Writes any text so that an XML reader reads the same text. */
final class XmlEscape {
  private XmlEscape() {}

  /** For a value in double quotes. Line ends and tabs, which a reader would turn to spaces, too. */
  static String attribute(String value) throws SettingsException {
    return escape(value, true);
  }

  /** For the text of an element. */
  static String text(String value) throws SettingsException {
    return escape(value, false);
  }

  private static String escape(String value, boolean attribute) throws SettingsException {
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
        default -> {
          if (!isAllowed(c))
            throw new SettingsException(
                "the character U+%04X in a text of %d characters cannot be stored in XML; leave it out"
                    .formatted(c, value.length()));
          out.appendCodePoint(c);
        }
      }
    }
    return out.toString();
  }

  /** XML 1.0, production 2. */
  private static boolean isAllowed(int c) {
    return c >= 0x20 && c <= 0xD7FF || c >= 0xE000 && c <= 0xFFFD || c >= 0x1_0000;
  }
}
