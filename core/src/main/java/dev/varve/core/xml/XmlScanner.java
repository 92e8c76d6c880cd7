package dev.varve.core.xml;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Cuts the text of an XML file into its pieces, so that they can be written again as they were.
 * Walks behind a real parser, which has found each piece well formed before it is cut here. Not
 * thread-safe.
 */
final class XmlScanner {

  private static final String CDATA = "<![CDATA[";

  private final String source;
  private int at;
  private int line = 1;

  XmlScanner(String source) {
    this.source = source;
  }

  /** The line of the next piece, from 1. */
  int line() {
    return line;
  }

  /** The text before the next tag, comment or instruction, as it stands there; may be empty. */
  String text() {
    int from = at;
    int end = source.indexOf('<', at);
    while (end >= 0 && source.startsWith(CDATA, end)) {
      int close = source.indexOf("]]>", end);
      end = close < 0 ? -1 : source.indexOf('<', close);
    }
    return take(from, end < 0 ? source.length() : end);
  }

  /** The comment, instruction or tag that follows; empty at the end of the file. */
  String markup() {
    if (at == source.length()) return "";
    int end;
    if (source.startsWith("<!--", at)) end = behind("-->", at + 4);
    else if (source.startsWith("<?", at)) end = behind("?>", at + 2);
    else end = tagEnd();
    return take(at, end);
  }

  private int tagEnd() {
    char quote = 0;
    for (int i = at; i < source.length(); i++) {
      char c = source.charAt(i);
      if (quote != 0) quote = c == quote ? 0 : quote;
      else if (c == '"' || c == '\'') quote = c;
      else if (c == '>') return i + 1;
    }
    return source.length();
  }

  private int behind(String mark, int from) {
    int found = source.indexOf(mark, from);
    return found < 0 ? source.length() : found + mark.length();
  }

  private String take(int from, int end) {
    for (int i = from; i < end; i++) if (source.charAt(i) == '\n') line++;
    at = end;
    return source.substring(from, end);
  }

  /**
   * An element from its start tag.
   *
   * @param values what the attributes say, by name; those that declare name spaces may be missing
   */
  static XmlElement element(
      String file, int line, String namespace, String tag, Map<String, String> values) {
    boolean selfClosing = tag.endsWith("/>");
    int end = tag.length() - (selfClosing ? 2 : 1);
    int i = 1;
    while (i < end && !isSpace(tag.charAt(i))) i++;
    String name = tag.substring(1, i);
    List<XmlAttribute> attributes = new ArrayList<>();
    while (true) {
      int lead = i;
      while (i < end && isSpace(tag.charAt(i))) i++;
      if (i >= end)
        return new XmlElement(
            file, line, namespace, name, attributes, tag.substring(lead, end), selfClosing);
      int nameStart = i;
      while (i < end && tag.charAt(i) != '=' && !isSpace(tag.charAt(i))) i++;
      int nameEnd = i;
      while (i < end && tag.charAt(i) != '"' && tag.charAt(i) != '\'') i++;
      i = i < end ? Math.max(i, tag.indexOf(tag.charAt(i), i + 1)) + 1 : end;
      String attribute = tag.substring(nameStart, nameEnd);
      attributes.add(
          new XmlAttribute(
              tag.substring(lead, nameStart),
              attribute,
              tag.substring(nameEnd, i),
              values.getOrDefault(attribute, "")));
    }
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
}
