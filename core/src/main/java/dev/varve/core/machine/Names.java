package dev.varve.core.machine;

import org.jspecify.annotations.Nullable;

/**
 * What can be the name of a thing. Names stand in lists and in the log, one line each; those of
 * machines and controllers are also parts of the names of exports, which clients write into URIs.
 * Any thread; nothing blocks.
 */
public final class Names {

  private Names() {}

  /** What is wrong with the name of a snapshot or a bandwidth group; null if nothing is. */
  public static @Nullable String fault(String name) {
    if (name.isBlank()) return "is empty";
    int control = name.codePoints().filter(Names::breaksLines).findFirst().orElse(-1);
    return control < 0 ? null : "holds the control character U+%04X".formatted(control);
  }

  /** What is wrong with the name of a machine or a controller; null if nothing is. */
  public static @Nullable String faultOfPart(String name) {
    String fault = fault(name);
    if (fault != null) return fault;
    if (name.equals(".") || name.equals("..")) return "would be a folder in the name of an export";
    return name.contains("/") ? "holds '/', which separates the parts of an export's name" : null;
  }

  private static boolean breaksLines(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  /** A text that people gave, in one line: what would break it is written as in XML. */
  public static String shown(String text) {
    var shown = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (breaksLines(c)) shown.append("&#").append(c).append(';');
              else shown.appendCodePoint(c);
            });
    return shown.toString();
  }
}
