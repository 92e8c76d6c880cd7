package dev.varve.io.ova;

import dev.varve.core.medium.Progress;
import java.util.concurrent.CancellationException;

/** The progress of work of which each part counts its own bytes. Not thread-safe. */
final class Step {

  private final Progress progress;
  private final long total;
  private long before;

  /**
   * @param total bytes of all parts
   */
  Step(Progress progress, long total) {
    this.progress = progress;
    this.total = Math.max(1, total);
  }

  /**
   * {@code bytes} of the present part are done.
   *
   * @throws CancellationException if the work is to end
   */
  void at(long bytes) {
    if (!progress.at(before + bytes, total)) throw new CancellationException("it was cancelled");
  }

  /** A part of so many bytes is done. */
  void done(long bytes) {
    before += bytes;
    at(0);
  }
}
