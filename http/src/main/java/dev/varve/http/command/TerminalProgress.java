package dev.varve.http.command;

import java.util.function.LongConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressState;
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
    return of(task, bytes, wanted, true);
  }

  /** Of work whose length is not known. */
  static TerminalProgress ofPermille(String task, boolean wanted) {
    return of(task, 1000, wanted, false);
  }

  private static TerminalProgress of(String task, long max, boolean wanted, boolean bytes) {
    if (!wanted || !isTerminal()) return new TerminalProgress(null);
    return new TerminalProgress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(max)
            .setRenderer((state, width) -> line(state, width, bytes))
            .setUpdateIntervalMillis(REFRESH_MILLIS)
            .build());
  }

  private static boolean isTerminal() {
    return System.console() != null && System.console().isTerminal();
  }

  private static String line(ProgressState state, int width, boolean bytes) {
    String amount =
        bytes ? "%d of %d MiB".formatted(state.getCurrent() >> 20, state.getMax() >> 20) : "";
    return ProgressLine.of(
        state.getTaskName(),
        state.getCurrent(),
        state.getMax(),
        amount,
        state.getElapsedAfterStart(),
        width);
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
