package dev.varve.http.command;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as people write it: {@code 90s}, {@code 10m}, {@code 2h}, {@code 1d}. */
final class TimeSpan {

  private static final Pattern SPAN =
      Pattern.compile("(\\d{1,9})\\s*(s|m|h|d)", Pattern.CASE_INSENSITIVE);

  private static final Duration LONGEST = Duration.ofDays(365);

  private TimeSpan() {}

  /** Longer than nothing, at most a year. */
  static Duration parse(String text) {
    Matcher span = SPAN.matcher(text.strip());
    if (!span.matches()) throw wrong(text, "write a number with s, m, h or d: 90s, 10m");
    long number = Long.parseLong(span.group(1));
    Duration duration =
        switch (span.group(2).toLowerCase(Locale.ROOT)) {
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        };
    if (!duration.isPositive() || duration.compareTo(LONGEST) > 0)
      throw wrong(text, "write one from 1s to 365d");
    return duration;
  }

  private static TypeConversionException wrong(String text, String rule) {
    return new TypeConversionException("'" + text + "' cannot be used as a time: " + rule);
  }

  /** How picocli reads one. */
  static final class Converter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      return parse(text);
    }
  }
}
