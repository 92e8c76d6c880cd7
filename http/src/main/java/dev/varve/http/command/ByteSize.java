package dev.varve.http.command;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Bytes as people write them: {@code 1048576}, {@code 512K}, {@code 10G}, {@code 1.5T}. */
final class ByteSize implements ITypeConverter<Long> {

  private static final Pattern SIZE =
      Pattern.compile(
          "(\\d{1,19})(?:\\.(\\d{1,6}))?\\s*([KMGTP]?)(?:i?B)?", Pattern.CASE_INSENSITIVE);

  private static final String UNITS = "KMGTP";

  @Override
  public Long convert(String text) {
    Matcher size = SIZE.matcher(text.strip());
    if (!size.matches()) throw wrong(text);
    String unit = size.group(3).toUpperCase(Locale.ROOT);
    long factor = unit.isEmpty() ? 1 : 1L << 10 * (UNITS.indexOf(unit) + 1);
    try {
      long whole = Math.multiplyExact(Long.parseLong(size.group(1)), factor);
      return Math.addExact(whole, fraction(size.group(2), factor, text));
    } catch (ArithmeticException | NumberFormatException e) {
      throw wrong(text);
    }
  }

  /** Digits after the point; the result must be a whole number of bytes. */
  private static long fraction(@Nullable String digits, long factor, String text) {
    if (digits == null) return 0;
    long scale = (long) Math.pow(10, digits.length());
    long scaled = Math.multiplyExact(Long.parseLong(digits), factor);
    if (scaled % scale != 0) throw wrong(text);
    return scaled / scale;
  }

  private static TypeConversionException wrong(String text) {
    return new TypeConversionException(
        "'"
            + text
            + "' is not a size: write bytes, or a number with K, M, G, T or P (powers of 1024)");
  }

  /** For people: the number in the largest fitting unit, and the exact bytes. */
  static String text(long bytes) {
    return bytes < 1024 ? rounded(bytes) : "%s (%d bytes)".formatted(rounded(bytes), bytes);
  }

  /** For people, where that is exact enough. */
  static String rounded(long bytes) {
    int unit = -1;
    double value = bytes;
    while (value >= 1024 && unit < UNITS.length() - 1) {
      value /= 1024;
      unit++;
    }
    if (unit < 0) return bytes + " bytes";
    return String.format(Locale.ROOT, "%.4g %ciB", value, UNITS.charAt(unit));
  }
}
