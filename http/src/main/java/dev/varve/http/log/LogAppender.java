package dev.varve.http.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import dev.varve.core.device.FailureWords;
import dev.varve.core.log.Cause;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns events into lines: one line each, without Java's names; below a bug, which is for Varve's
 * authors, also the stack trace.
 */
final class LogAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

  private static final String OURS = "dev.varve.";

  private final LogForm form;
  private final boolean debugging;
  private final Consumer<String> to;
  private final Consumer<LogLine> listener;
  private final UnacceptedClients unaccepted = new UnacceptedClients();

  /**
   * @param debugging whether every failure comes with its stack trace, and every line with its
   *     thread and class
   * @param listener gets each line too
   */
  LogAppender(LogForm form, boolean debugging, Consumer<String> to, Consumer<LogLine> listener) {
    this.form = form;
    this.debugging = debugging;
    this.to = to;
    this.listener = listener;
  }

  @Override
  protected void append(ILoggingEvent event) {
    var level = LogLevel.of(event.getLevel());
    String source =
        debugging
            ? "[" + event.getThreadName() + "] " + event.getLoggerName()
            : source(event.getLoggerName());
    Throwable failure =
        event.getThrowableProxy() instanceof ThrowableProxy proxy ? proxy.getThrowable() : null;
    if (!debugging && UnacceptedClients.isMeant(event.getLoggerName(), failure)) {
      String told = unaccepted.line(event.getInstant());
      if (told != null) log(new LogLine(event.getInstant(), level, "server", told));
      return;
    }
    boolean bug = level == LogLevel.ERROR && isOurs(event) && isBug(failure);
    String text = text(event.getFormattedMessage(), failure);
    String cause = Cause.current();
    if (cause != null) text += " [" + cause + "]";
    if (failure != null && (debugging || bug)) text += "\n" + stackTrace(failure);
    log(new LogLine(event.getInstant(), level, source, text));
  }

  private void log(LogLine line) {
    to.accept(form.line(line));
    listener.accept(line);
  }

  private static boolean isOurs(ILoggingEvent event) {
    return event.getLoggerName().startsWith(OURS);
  }

  /** Whether it is a bug: an exception without a message for users. */
  private static boolean isBug(@Nullable Throwable failure) {
    return failure != null
        && !(failure instanceof IOException)
        && !(failure instanceof ModelException);
  }

  /** The part of the program that a logger belongs to, in a word for its user. */
  static String source(String logger) {
    String[] names = logger.split("\\.");
    if (!logger.startsWith(OURS) || names.length < 5) return names[names.length < 2 ? 0 : 1];
    return switch (names[3]) {
      case "inventory", "settings", "journal" -> "machines";
      case "client" -> "clients";
      case "device", "limit", "running", "chain", "host", "storage" -> "disks";
      case "vdi", "file", "posix" -> "images";
      case "command" -> "server";
      default -> names[3]; // nbd, api
    };
  }

  /** The message and, if it does not say it itself, why. */
  private static String text(String message, @Nullable Throwable failure) {
    String why = failure == null ? null : FailureWords.of(failure);
    if (why == null || message.contains(why)) return PrintableText.of(message);
    return PrintableText.of(message + ": " + why);
  }

  private static String stackTrace(Throwable failure) {
    var text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    return text.toString().stripTrailing();
  }
}
