package dev.varve.bench.compare;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs programs that end by themselves, and kills them if they take too long. Blocks. */
final class Programs {

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** The exit status of a program that got SIGKILL. */
  private static final int KILLED = 128 + 9;

  private Programs() {}

  static String run(List<String> command) throws IOException, InterruptedException {
    return run(command, PATIENCE);
  }

  /**
   * Runs {@code command}; returns what it printed on standard output.
   *
   * @throws IOException if it cannot be started, takes longer than {@code limit}, or fails; with
   *     what it said
   */
  static String run(List<String> command, Duration limit) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).start();
    try {
      process.getOutputStream().close();
      var errors = new StringBuilder();
      Thread reader = Thread.ofVirtual().start(() -> errors.append(all(process.getErrorStream())));
      Thread guard = Thread.ofVirtual().start(() -> killAfter(process, limit));
      String output = all(process.getInputStream());
      int status = process.waitFor(); // dd works on after it has closed its output
      guard.interrupt();
      reader.join(Duration.ofSeconds(1));
      if (status != 0) {
        boolean killed = status == KILLED;
        throw new IOException(
            "%s failed (%s): %s"
                .formatted(String.join(" ", command), killed ? "too slow" : status, errors));
      }
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  private static String all(InputStream stream) {
    try (stream) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return ""; // the process was killed
    }
  }

  private static void killAfter(Process process, Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) process.destroyForcibly();
    } catch (InterruptedException e) {
      // It has ended in time.
    }
  }
}
