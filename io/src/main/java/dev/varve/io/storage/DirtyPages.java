package dev.varve.io.storage;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far the host is behind with writing back, so that no event loop runs into the kernel's
 * throttling of writers.
 *
 * <p>The kernel stops a writer only once dirty pages exceed the middle between its two thresholds.
 * {@link #sample} reads both and admits, until the next sample, half of what is left; beyond that
 * writes go to storage threads, which may be stopped without harm. Thread-safe.
 */
public final class DirtyPages {

  private final Path counters;
  private final AtomicLong admitted = new AtomicLong();
  private volatile boolean used;

  /**
   * @param counters the kernel's table of memory counters, {@code /proc/vmstat}
   */
  public DirtyPages(Path counters) {
    this.counters = counters;
    resample();
  }

  /** Whether a write of so many bytes will not be stopped. Costs one atomic addition. */
  public boolean admits(long bytes) {
    used = true;
    return admitted.addAndGet(-bytes) >= 0;
  }

  /**
   * Looks again, if {@link #admits} was called since the last time. Reads a file of the kernel:
   * call it often, on a storage thread.
   */
  public void sample() {
    if (!used) return;
    used = false;
    resample();
  }

  private void resample() {
    try {
      long dirty = 0;
      long background = 0;
      long limit = 0;
      for (String line : Files.readString(counters, StandardCharsets.US_ASCII).split("\n")) {
        int space = line.indexOf(' ');
        if (space < 0) continue;
        switch (line.substring(0, space)) {
          case "nr_dirty", "nr_writeback" -> dirty += Long.parseLong(line.substring(space + 1));
          case "nr_dirty_background_threshold" ->
              background = Long.parseLong(line.substring(space + 1));
          case "nr_dirty_threshold" -> limit = Long.parseLong(line.substring(space + 1));
          default -> {}
        }
      }
      admitted.set(Math.max(0, (background + limit) / 2 - dirty) / 2 * Posix.PAGE_SIZE);
    } catch (IOException | NumberFormatException e) {
      admitted.set(0); // unknown: no event loop writes
    }
  }
}
