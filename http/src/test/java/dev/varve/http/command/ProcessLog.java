package dev.varve.http.command;

import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * What a process says on standard error, read as it comes, so that a test can wait for a line and
 * the process never has to.
 */
final class ProcessLog {

  private static final long SECONDS = 60;
  private static final String TOLD =
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z (INFO|DEBUG) .*";

  private final List<String> lines = new ArrayList<>();
  private final Thread reader;

  ProcessLog(BufferedReader standardError) {
    reader = Thread.ofPlatform().daemon().start(() -> standardError.lines().forEach(this::add));
  }

  private synchronized void add(String line) {
    lines.add(line);
    notifyAll();
  }

  /** The lines so far. */
  synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  /** All lines, once the process has ended. */
  List<String> allLines() {
    try {
      if (!reader.join(java.time.Duration.ofSeconds(SECONDS)))
        throw new AssertionError("the process goes on: " + lines());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return lines();
  }

  /** What is wrong, once the process has ended: all but the lines that tell what happens. */
  String errors() {
    return allLines().stream()
        .filter(line -> !line.matches(TOLD))
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  /** Waits for a line with this in it, and returns it. */
  synchronized String await(String part) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    for (int at = 0; ; at++) {
      while (at == lines.size()) {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) throw new AssertionError("no line with '" + part + "' in " + lines);
        wait(left);
      }
      if (lines.get(at).contains(part)) return lines.get(at);
    }
  }
}
