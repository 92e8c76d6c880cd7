package dev.varve.http.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one log of this process, on standard error. Before {@link #serve} only warnings are logged,
 * as a command says them. Thread-safe.
 *
 * <p>Configured in code, because reading a configuration file would cost every start a tenth of a
 * second. What is below the level costs a command nothing: no logger is made for it.
 */
public final class ProgramLog extends ContextAwareBase implements Configurator {

  /** Enough for a burst; 2 MiB at most. */
  private static final int LINES_WAITING = 8192;

  private static final long DRAIN_MILLIS = 2000;

  private static volatile LogLevel level = debugging() ? LogLevel.DEBUG : LogLevel.WARNING;
  private static volatile @Nullable LogOutput output;
  private static final Set<Consumer<LogLine>> LISTENERS = ConcurrentHashMap.newKeySet();

  /** Made by SLF4J. */
  public ProgramLog() {}

  /** Whether the user wants to see stack traces and what the libraries log. */
  public static boolean debugging() {
    return System.getenv("VARVE_DEBUG") != null;
  }

  /**
   * Logs as a server from now on: in the form for its standard error, and without waiting for it.
   */
  public static synchronized void serve(LogLevel wanted) {
    if (!debugging()) level = wanted;
    if (output == null)
      output = new LogOutput(new FileOutputStream(FileDescriptor.err), LINES_WAITING);
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) configured(context);
  }

  /**
   * Makes ready what most commands never need. Before several threads may log at once: SLF4J
   * complains of what it is given while it makes itself ready.
   */
  public static void prepare() {
    Objects.requireNonNull(LoggerFactory.getILoggerFactory());
  }

  /** Waits until what was logged is written, for a moment: the program is about to end. */
  public static void drain() {
    LogOutput lines = output;
    if (lines != null) lines.drain(DRAIN_MILLIS);
  }

  /**
   * Also gives each line to {@code listener}, in the thread that logs it, until what is returned is
   * closed. The listener must not wait, and not log.
   */
  public static Listening listen(Consumer<LogLine> listener) {
    LISTENERS.add(listener);
    return () -> LISTENERS.remove(listener);
  }

  /** Ends a {@link #listen}. */
  public interface Listening extends AutoCloseable {
    @Override
    void close();
  }

  /** Whether a line of this level is logged; asked before anything is made for it. */
  static boolean admits(System.Logger.Level line) {
    return level.admits(line);
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    configured(context);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private static void configured(LoggerContext context) {
    LogOutput lines = output;
    Consumer<String> to = lines == null ? System.err::println : lines::line;
    LogForm form = lines == null ? LogForm.COMMAND : LogForm.ofServer(System.getenv());
    var appender =
        new LogAppender(
            form, debugging(), to, line -> LISTENERS.forEach(each -> each.accept(line)));
    appender.setContext(context);
    appender.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.detachAndStopAllAppenders();
    root.setLevel(debugging() ? Level.DEBUG : Level.WARN);
    root.addAppender(appender);
    context.getLogger("dev.varve").setLevel(level.logback());
    context.getLogger("java.lang.Runtime").setLevel(Level.INFO); // else each end has a stack trace
  }
}
