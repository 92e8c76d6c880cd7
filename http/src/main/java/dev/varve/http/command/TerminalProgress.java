package dev.varve.http.command;

import java.util.function.LongConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar on standard error, if people watch. */
final class TerminalProgress implements LongConsumer, AutoCloseable {

  private static final int REFRESH_MILLIS = 200;

  private final @Nullable ProgressBar bar;

  private TerminalProgress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /** Of work that is {@code bytes} long. */
  static TerminalProgress ofBytes(String task, long bytes, boolean wanted) {
    return new TerminalProgress(
        wanted && isTerminal() ? bar(task, bytes).setUnit(" MiB", 1 << 20).build() : null);
  }

  /** Of work whose length is not known. */
  static TerminalProgress ofPermille(String task, boolean wanted) {
    return new TerminalProgress(
        wanted && isTerminal() ? bar(task, 1000).setUnit(" %", 10).build() : null);
  }

  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private static ProgressBarBuilder bar(String task, long bytes) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(bytes)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(REFRESH_MILLIS);
  }

  @Override
  public void accept(long done) {
    if (bar != null) bar.stepTo(done);
  }

  @Override
  public void close() {
    if (bar != null) bar.close();
  }
}
