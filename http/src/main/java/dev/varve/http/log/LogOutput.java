package dev.varve.http.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Writes a server's log to a stream that may be slow or stop for ever, like a pipe without a
 * reader. A thread of its own writes, so that a caller never waits; lines for which there is no
 * room are counted and dropped. Thread-safe.
 */
final class LogOutput {

  private static final String LOST =
      " or more lines of the log are missing here: they could not be written, or not fast enough";

  private final OutputStream to;
  private final int bound;
  private final ArrayDeque<String> waiting = new ArrayDeque<>();
  private boolean writing;
  private long lost;

  /**
   * @param bound of so many lines that wait
   */
  LogOutput(OutputStream to, int bound) {
    this.to = to;
    this.bound = bound;
    Thread.ofPlatform().daemon().name("log").start(this::writeForEver);
  }

  /** Takes a line, or counts it as lost. Never waits. */
  synchronized void line(String line) {
    if (waiting.size() == bound) {
      lost++;
      return;
    }
    waiting.add(line);
    notifyAll();
  }

  /** Waits until everything is written, but not for longer than this. */
  synchronized void drain(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    try {
      while (writing || !waiting.isEmpty()) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) return;
        wait(left);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void writeForEver() {
    try {
      while (true) {
        byte[] batch = next();
        boolean written = write(batch);
        synchronized (this) {
          writing = false;
          if (!written) lost++;
          notifyAll();
        }
      }
    } catch (InterruptedException _) {
      // The program ends.
    }
  }

  /** What waits, in one piece. */
  private synchronized byte[] next() throws InterruptedException {
    while (waiting.isEmpty()) wait();
    var batch = new StringBuilder();
    if (lost > 0) batch.append("varve: ").append(lost).append(LOST).append('\n');
    lost = 0;
    for (String line; (line = waiting.poll()) != null; ) batch.append(line).append('\n');
    writing = true;
    return batch.toString().getBytes(StandardCharsets.UTF_8);
  }

  private boolean write(byte[] batch) {
    try {
      to.write(batch);
      to.flush();
      return true;
    } catch (IOException _) { // the number is reported with the next line that can be written
      return false;
    }
  }
}
