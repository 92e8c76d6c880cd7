package dev.varve.core.log;

import java.time.Duration;
import java.util.Locale;

/** Times, sizes and numbers as people read them in a line. Any thread; nothing blocks. */
public final class Amount {

  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Amount() {}

  /** {@code 0.25 s}, {@code 12 s}, {@code 3 min 5 s}, {@code 2 h 10 min}, {@code 3 days 4 h}. */
  public static String time(Duration span) {
    long millis = Math.max(0, span.toMillis());
    if (millis < 10_000) return String.format(Locale.ROOT, "%.2f s", millis / 1000.0);
    long seconds = millis / 1000;
    if (seconds < 60) return seconds + " s";
    if (seconds < 3600) return two(seconds / 60, "min", seconds % 60, "s");
    if (seconds < 86_400) return two(seconds / 3600, "h", seconds / 60 % 60, "min");
    long days = seconds / 86_400;
    return two(days, days == 1 ? "day" : "days", seconds / 3600 % 24, "h");
  }

  private static String two(long large, String unit, long small, String smallUnit) {
    String text = large + " " + unit;
    return small == 0 ? text : text + " " + small + " " + smallUnit;
  }

  /** {@code 512 bytes}, {@code 1.5 MiB}, {@code 20 GiB}. */
  public static String bytes(long count) {
    if (count < 1024) return of(count, "byte");
    double value = count;
    int unit = -1;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    String number = String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    return number.replaceFirst("\\.0$", "") + " " + UNITS[unit];
  }

  /** {@code 1 disk}, {@code 3 disks}, {@code 12 000 requests}; the noun gets an {@code s}. */
  public static String of(long count, String noun) {
    String digits = Long.toString(count);
    var text = new StringBuilder();
    for (int i = 0; i < digits.length(); i++) {
      int left = digits.length() - i;
      if (digits.length() > 4 && i > 0 && left % 3 == 0) text.append(' ');
      text.append(digits.charAt(i));
    }
    return text.append(' ').append(noun).append(count == 1 ? "" : "s").toString();
  }
}
