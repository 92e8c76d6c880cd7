package dev.varve.core.xml;

/**
 * What stands between tags: text, a comment, a processing instruction. Immutable.
 *
 * @param raw as in the file
 * @param text what it says; empty for comments and instructions
 */
record XmlText(String raw, String text) implements XmlNode {

  boolean isBlank() {
    return raw.isBlank();
  }

  @Override
  public void write(StringBuilder out) {
    out.append(raw);
  }
}
