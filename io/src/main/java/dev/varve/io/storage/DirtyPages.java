package dev.varve.io.storage;

import dev.varve.io.posix.Posix;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * How far the host is behind with writing back, so that no event loop runs into the kernel's
 * throttling of writers.
 *
 * <p>The kernel stops a writer only once dirty pages exceed the middle between its two thresholds.
 * {@link #sample} reads both and admits, until the next sample, half of what is left; beyond that
 * writes go to storage threads, which may be stopped without harm.
 *
 * <p>Samples are taken many times a second, so they make no garbage. Thread-safe; {@link #sample}
 * is called by one thread at a time.
 */
public final class DirtyPages implements AutoCloseable {

  private static final byte[] DIRTY = name("nr_dirty");
  private static final byte[] WRITEBACK = name("nr_writeback");
  private static final byte[] BACKGROUND = name("nr_dirty_background_threshold");
  private static final byte[] LIMIT = name("nr_dirty_threshold");

  /** Null where there is no such table: then no event loop writes. */
  private final @Nullable RandomAccessFile counters;

  /** The table as it was read last: some four kilobytes. */
  private final byte[] text = new byte[32 << 10];

  private final AtomicLong admitted = new AtomicLong();
  private volatile boolean used;

  /**
   * @param counters the kernel's table of memory counters, {@code /proc/vmstat}
   */
  public DirtyPages(Path counters) {
    this.counters = open(counters);
    resample();
  }

  private static byte[] name(String name) {
    return (name + " ").getBytes(StandardCharsets.US_ASCII);
  }

  private static @Nullable RandomAccessFile open(Path counters) {
    try {
      return new RandomAccessFile(counters.toFile(), "r");
    } catch (IOException e) {
      return null;
    }
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
    RandomAccessFile table = counters;
    if (table == null) return;
    try {
      table.seek(0);
      int length = Math.max(0, table.read(text));
      long dirty = counter(DIRTY, length) + counter(WRITEBACK, length);
      long middle = (counter(BACKGROUND, length) + counter(LIMIT, length)) / 2;
      admitted.set(Math.max(0, middle - dirty) / 2 * Posix.PAGE_SIZE);
    } catch (IOException e) {
      admitted.set(0); // unknown: no event loop writes
    }
  }

  /** The number in the line that begins with a name; 0 if there is none. */
  private long counter(byte[] name, int length) {
    for (int at = 0; at + name.length < length; at++) {
      if (Arrays.equals(text, at, at + name.length, name, 0, name.length))
        return number(at + name.length, length);
      while (at < length && text[at] != '\n') at++;
    }
    return 0;
  }

  private long number(int at, int length) {
    long value = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
      value = 10 * value + text[at] - '0';
    return value;
  }

  /** Admits nothing more after the next sample. */
  @Override
  public void close() {
    try {
      if (counters != null) counters.close();
    } catch (IOException e) {
      // It was only read.
    }
  }
}
