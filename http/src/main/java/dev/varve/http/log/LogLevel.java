package dev.varve.http.log;

/** How much is logged: this, and what is worse. Immutable. */
public enum LogLevel {
  /** What was lost, or went wrong in Varve itself. */
  ERROR(System.Logger.Level.ERROR, 3, "error"),
  /** What is wrong, and goes on. */
  WARNING(System.Logger.Level.WARNING, 4, "warning"),
  /** What happens. */
  INFO(System.Logger.Level.INFO, 6, ""),
  /** What helps to find a fault in Varve. */
  DEBUG(System.Logger.Level.DEBUG, 7, "debug");

  private final System.Logger.Level level;
  private final int priority;
  private final String word;

  LogLevel(System.Logger.Level level, int priority, String word) {
    this.level = level;
    this.priority = priority;
    this.word = word;
  }

  static LogLevel of(System.Logger.Level level) {
    return switch (level) {
      case OFF, ERROR -> ERROR;
      case WARNING -> WARNING;
      case INFO -> INFO;
      case ALL, TRACE, DEBUG -> DEBUG;
    };
  }

  /** The same in Logback's words. */
  ch.qos.logback.classic.Level logback() {
    return switch (this) {
      case ERROR -> ch.qos.logback.classic.Level.ERROR;
      case WARNING -> ch.qos.logback.classic.Level.WARN;
      case INFO -> ch.qos.logback.classic.Level.INFO;
      case DEBUG -> ch.qos.logback.classic.Level.DEBUG;
    };
  }

  static LogLevel of(ch.qos.logback.classic.Level level) {
    if (level.isGreaterOrEqual(ch.qos.logback.classic.Level.ERROR)) return ERROR;
    if (level.isGreaterOrEqual(ch.qos.logback.classic.Level.WARN)) return WARNING;
    return level.isGreaterOrEqual(ch.qos.logback.classic.Level.INFO) ? INFO : DEBUG;
  }

  /** Whether it is of more weight than another level. */
  public boolean isWorseThan(LogLevel other) {
    return compareTo(other) < 0;
  }

  /** Whether it lets pass what is of this level. */
  boolean admits(System.Logger.Level line) {
    return line != System.Logger.Level.OFF && line.getSeverity() >= level.getSeverity();
  }

  /** The priority of syslog, which journald reads. */
  int priority() {
    return priority;
  }

  /** For a person; empty for what needs no word. */
  public String word() {
    return word;
  }
}
