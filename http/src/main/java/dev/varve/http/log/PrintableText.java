package dev.varve.http.log;

import java.util.stream.Collectors;

/** Text for a terminal or a log, of names and words that come from anywhere. Any thread. */
public final class PrintableText {

  private PrintableText() {}

  /** {@code text} on one line, and without anything that a terminal obeys. */
  public static String of(String text) {
    StringBuilder changed = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean harmless = !isObeyed(c);
      if (harmless && changed == null) continue;
      if (changed == null) changed = new StringBuilder(text.substring(0, i));
      if (harmless) changed.append(c);
      else changed.append("\\u%04x".formatted((int) c));
    }
    return changed == null ? text : changed.toString();
  }

  /** The same of each line of a text that has several. */
  public static String lines(String text) {
    return text.lines().map(PrintableText::of).collect(Collectors.joining("\n"));
  }

  /** Ends the line, is an order to a terminal, or turns the order of the letters behind it. */
  private static boolean isObeyed(char c) {
    return Character.isISOControl(c)
        || c == '\u2028'
        || c == '\u2029'
        || c >= '\u202a' && c <= '\u202e'
        || c >= '\u2066' && c <= '\u2069';
  }
}
