package dev.varve.http.command;

import java.util.function.LongConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar on standard error, if people watch. */
final class CopyProgress implements LongConsumer, AutoCloseable {

  private static final int REFRESH_MILLIS = 200;

  private final @Nullable ProgressBar bar;

  CopyProgress(String task, long bytes, boolean wanted) {
    bar = wanted && isTerminal() ? bar(task, bytes) : null;
  }

  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private static ProgressBar bar(String task, long bytes) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(bytes)
        .setUnit(" MiB", 1 << 20)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(REFRESH_MILLIS)
        .build();
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
