package dev.varve.core.ovf;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Quantities with units, as descriptors of several versions and makers write them. */
final class OvfUnits {

  private static final Pattern POWER = Pattern.compile("byte(?:\\*(2|10)\\^(\\d{1,2}))?");

  private OvfUnits() {}

  /** How many bytes a unit has; 0 if it is none that is known. */
  static long bytes(String unit) {
    String plain = unit.replaceAll("\\s", "").toLowerCase(Locale.ROOT);
    Matcher power = POWER.matcher(plain);
    if (power.matches()) return power.group(1) == null ? 1 : power(power);
    return switch (plain) {
      case "", "bytes" -> 1;
      case "kb", "kib", "kilobyte", "kilobytes" -> 1L << 10;
      case "mb", "mib", "megabyte", "megabytes" -> 1L << 20;
      case "gb", "gib", "gigabyte", "gigabytes" -> 1L << 30;
      case "tb", "tib", "terabyte", "terabytes" -> 1L << 40;
      default -> 0;
    };
  }

  private static long power(Matcher power) {
    int exponent = Integer.parseInt(power.group(2));
    boolean binary = power.group(1).equals("2");
    if (exponent > (binary ? 60 : 18)) return 0;
    long bytes = 1;
    for (int i = 0; i < exponent; i++) bytes *= binary ? 2 : 10;
    return bytes;
  }
}
