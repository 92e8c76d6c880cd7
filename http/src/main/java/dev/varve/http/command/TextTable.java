package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A table as text for people; each column is as wide as its widest cell. */
final class TextTable {

  private final List<String[]> rows = new ArrayList<>();

  TextTable(String... header) {
    rows.add(header);
  }

  /** A row, with as many cells as the header; null shows as a dash, and each is one line. */
  TextTable row(@Nullable Object... cells) {
    rows.add(
        Arrays.stream(cells)
            .map(cell -> cell == null ? "-" : PrintableText.of(cell.toString()))
            .toArray(String[]::new));
    return this;
  }

  boolean isEmpty() {
    return rows.size() == 1;
  }

  /** The header, then the rows, a line each. */
  List<String> lines() {
    int[] widths = new int[rows.getFirst().length];
    for (String[] row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row[i].codePointCount(0, row[i].length()));
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private static String line(String[] row, int[] widths) {
    var line = new StringBuilder();
    for (int i = 0; i < row.length; i++) {
      line.append(row[i]);
      int width = row[i].codePointCount(0, row[i].length());
      if (i < row.length - 1) line.repeat(' ', widths[i] - width + 2);
    }
    return line.toString();
  }

  @Override
  public String toString() {
    return String.join("\n", lines());
  }
}
