package dev.varve.core.inventory;

import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * What the inventory logs. A rehearsal goes through the same code as the real operation, and logs
 * nothing: nothing has happened. Thread-safe.
 */
final class OperationLog implements System.Logger {

  /** Bound in a thread that rehearses. */
  private static final ScopedValue<Boolean> SILENT = ScopedValue.newInstance();

  private final System.Logger log;

  private OperationLog(System.Logger log) {
    this.log = log;
  }

  static System.Logger of(Class<?> from) {
    return new OperationLog(System.getLogger(from.getName()));
  }

  /** Runs work of which nothing is logged. */
  static void silently(Runnable work) {
    ScopedValue.where(SILENT, true).run(work);
  }

  @Override
  public String getName() {
    return log.getName();
  }

  @Override
  public boolean isLoggable(Level level) {
    return !SILENT.isBound() && log.isLoggable(level);
  }

  @Override
  public void log(
      Level level,
      @Nullable ResourceBundle bundle,
      @Nullable String text,
      @Nullable Throwable thrown) {
    if (isLoggable(level)) log.log(level, bundle, text, thrown);
  }

  @Override
  public void log(
      Level level,
      @Nullable ResourceBundle bundle,
      @Nullable String text,
      @Nullable Object @Nullable ... words) {
    if (isLoggable(level)) log.log(level, bundle, text, words);
  }
}
