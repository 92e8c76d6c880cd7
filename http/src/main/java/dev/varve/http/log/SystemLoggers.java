package dev.varve.http.log;

import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Leads {@link System.Logger}, through which {@code core}, {@code io} and the JDK log, to the
 * program's log instead of to {@code java.util.logging}. Thread-safe.
 */
public final class SystemLoggers extends System.LoggerFinder {

  /** Made by the JDK. */
  public SystemLoggers() {}

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Bridge(name);
  }

  private static final class Bridge implements System.Logger {
    private final String name;
    private volatile org.slf4j.@Nullable Logger target;

    Bridge(String name) {
      this.name = name;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return ProgramLog.admits(level) && target().isEnabledForLevel(slf4j(level));
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String message, @Nullable Throwable thrown) {
      if (!isLoggable(level)) return;
      LoggingEventBuilder event = target().atLevel(slf4j(level));
      if (thrown != null) event = event.setCause(thrown);
      event.log(message);
    }

    @Override
    public void log(
        Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... values) {
      if (!isLoggable(level)) return;
      target().atLevel(slf4j(level)).log(filled(format, values));
    }

    /** Made when something is logged: most programs end without. */
    private org.slf4j.Logger target() {
      org.slf4j.Logger made = target;
      if (made == null) target = made = LoggerFactory.getLogger(name);
      return made;
    }
  }

  private static org.slf4j.event.Level slf4j(System.Logger.Level level) {
    return switch (LogLevel.of(level)) {
      case ERROR -> org.slf4j.event.Level.ERROR;
      case WARNING -> org.slf4j.event.Level.WARN;
      case INFO -> org.slf4j.event.Level.INFO;
      case DEBUG -> org.slf4j.event.Level.DEBUG;
    };
  }

  /**
   * A message with its values in place of {@code {0}}, {@code {1}}. Unlike {@link
   * java.text.MessageFormat} it takes a quotation mark for one, and writes numbers as they are.
   */
  static String filled(String format, @Nullable Object @Nullable ... values) {
    if (values == null || values.length == 0) return format;
    String text = format.replace("''", "'");
    var filled = new StringBuilder();
    int at = 0;
    for (int open; (open = text.indexOf('{', at)) >= 0; ) {
      int close = text.indexOf('}', open);
      int index = close < 0 ? -1 : index(text.substring(open + 1, close), values.length);
      filled.append(text, at, open);
      if (index >= 0) filled.append(values[index]);
      else filled.append('{');
      at = index >= 0 ? close + 1 : open + 1;
    }
    return filled.append(text, at, text.length()).toString();
  }

  private static int index(String digits, int count) {
    if (!digits.matches("[0-9]{1,3}")) return -1;
    int index = Integer.parseInt(digits);
    return index < count ? index : -1;
  }
}
