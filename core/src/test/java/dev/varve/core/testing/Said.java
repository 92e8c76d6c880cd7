package dev.varve.core.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;

/** A logger that keeps what is said to it, a line each: the level and the text. Thread safe. */
public final class Said implements System.Logger {

  private final List<String> lines = new ArrayList<>();

  /** What was said so far. */
  public synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  @Override
  public String getName() {
    return "said";
  }

  @Override
  public boolean isLoggable(Level level) {
    return true;
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
    throw new AssertionError("only a bug has a stack trace", thrown);
  }

  @Override
  public synchronized void log(
      Level level, ResourceBundle bundle, String format, Object... values) {
    lines.add(level + " " + (values == null ? format : String.format(format, values)));
  }
}
