package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The table of {@code varve top}, as wide as the terminal allows. Immutable. */
final class TopScreen {

  private static final String GAP = "  ";
  private static final int SHORTEST_NAME = 8;

  /**
   * A column of numbers.
   *
   * @param importance in a narrow terminal the least important columns are left out first
   */
  private record Column(
      String title, int width, int importance, Function<DiskRates, String> text) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("reads/s", 8, 9, disk -> count(disk.read().perSecond())),
          new Column("writes/s", 8, 9, disk -> count(disk.write().perSecond())),
          new Column("read", 9, 8, disk -> bytes(disk.read().bytesPerSecond())),
          new Column("written", 9, 8, disk -> bytes(disk.write().bytesPerSecond())),
          new Column("r p50", 7, 4, disk -> time(disk.read().p50Nanos())),
          new Column("r p99", 7, 7, disk -> time(disk.read().p99Nanos())),
          new Column("w p50", 7, 3, disk -> time(disk.write().p50Nanos())),
          new Column("w p99", 7, 6, disk -> time(disk.write().p99Nanos())),
          new Column("f p99", 7, 2, disk -> time(disk.flush().p99Nanos())),
          new Column("limited", 7, 5, disk -> percent(disk.throttled())),
          new Column("queue", 5, 5, disk -> count(disk.inFlight())),
          new Column("errors/s", 8, 1, disk -> count(disk.errorsPerSecond())),
          new Column("clients", 7, 0, disk -> count(disk.clients())));

  private TopScreen() {}

  /**
   * A header, and a line for each disk, the busiest first; no line is longer than the terminal is
   * wide.
   *
   * @param width in columns
   * @param height how many lines there is room for
   */
  static List<String> lines(List<DiskRates> disks, int width, int height) {
    int name = SHORTEST_NAME;
    for (DiskRates disk : disks) name = Math.max(name, name(disk).length());
    List<Column> shown = shown(width, Math.min(name, Math.max(SHORTEST_NAME, width / 3)));
    int left = width - shown.stream().mapToInt(column -> column.width + GAP.length()).sum();
    name = Math.clamp(left, 1, name);
    List<String> lines = new ArrayList<>();
    var header = new StringBuilder(fitted("disk", name));
    for (Column column : shown) header.append(GAP).append(right(column.title, column.width));
    lines.add(header.toString());
    List<DiskRates> busiest =
        disks.stream()
            .sorted(
                Comparator.comparingDouble(
                        (DiskRates disk) ->
                            -disk.read().bytesPerSecond() - disk.write().bytesPerSecond())
                    .thenComparing(DiskRates::export))
            .toList();
    for (DiskRates disk : busiest) {
      if (lines.size() == height - 1 && busiest.size() > height - 1) {
        lines.add(fitted("and %d more".formatted(busiest.size() - height + 2), width).strip());
        break;
      }
      var line = new StringBuilder(fitted(name(disk), name));
      for (Column column : shown)
        line.append(GAP).append(right(column.text.apply(disk), column.width));
      lines.add(line.toString());
    }
    return lines;
  }

  private static List<Column> shown(int width, int name) {
    List<Column> shown = new ArrayList<>(COLUMNS);
    while (!shown.isEmpty()
        && name + shown.stream().mapToInt(c -> c.width + GAP.length()).sum() > width)
      shown.remove(shown.stream().min(Comparator.comparingInt(Column::importance)).orElseThrow());
    return shown;
  }

  private static String name(DiskRates disk) {
    return PrintableText.of(disk.machine() + " " + disk.disk());
  }

  private static String fitted(String text, int width) {
    if (text.length() > width) return width < 2 ? "…" : text.substring(0, width - 1) + "…";
    return text + " ".repeat(width - text.length());
  }

  private static String right(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  private static String count(double number) {
    if (number < 10 && number != Math.rint(number))
      return String.format(Locale.ROOT, "%.1f", number);
    if (number < 100_000) return Long.toString(Math.round(number));
    return Math.round(number / 1000) + "k";
  }

  private static String bytes(double perSecond) {
    if (perSecond < 1024) return count(Math.round(perSecond)) + " B";
    if (perSecond < 1 << 20) return count(perSecond / 1024) + " K";
    if (perSecond < 1 << 30) return count(perSecond / (1 << 20)) + " M";
    return count(perSecond / (1 << 30)) + " G";
  }

  private static String percent(double part) {
    return Math.round(part * 100) + "%";
  }

  private static String time(long nanos) {
    if (nanos == 0) return "-";
    if (nanos < 10_000_000) return Math.round(nanos / 1e3) + "us";
    if (nanos < 10_000_000_000L) return Math.round(nanos / 1e6) + "ms";
    return Math.round(nanos / 1e9) + "s";
  }

  /** A span that people look at: {@code 3d 4h}, {@code 5m 6s}. */
  static String time(Duration span) {
    if (span.toDays() > 0) return "%dd %dh".formatted(span.toDays(), span.toHoursPart());
    if (span.toHours() > 0) return "%dh %dm".formatted(span.toHours(), span.toMinutesPart());
    if (span.toMinutes() > 0) return "%dm %ds".formatted(span.toMinutes(), span.toSecondsPart());
    return span.toSeconds() + "s";
  }
}
