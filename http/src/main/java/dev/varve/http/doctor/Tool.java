package dev.varve.http.doctor;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What another program of the host has printed. Immutable; running one blocks.
 *
 * @param status its exit status; {@link #MISSING} if it is not there or did not end in time
 * @param said on standard output and standard error
 */
public record Tool(int status, String said) {

  /** No status of a program. */
  public static final int MISSING = -1;

  private static final long SECONDS = 20;
  private static final int MOST_BYTES = 16 << 20;

  /** Runs a program, for twenty seconds at most. */
  public static Tool run(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .start();
      CompletableFuture<String> said = CompletableFuture.supplyAsync(() -> text(process));
      try {
        String text = said.get(SECONDS, TimeUnit.SECONDS);
        return process.waitFor(1, TimeUnit.SECONDS)
            ? new Tool(process.exitValue(), text)
            : new Tool(MISSING, text);
      } finally {
        process.destroy();
      }
    } catch (IOException _) { // whose message is for programmers: "Exec failed, error: 2"
      return new Tool(MISSING, "this host has no program '%s'".formatted(command.getFirst()));
    } catch (TimeoutException _) {
      return new Tool(MISSING, command.getFirst() + " has not ended in " + SECONDS + " seconds");
    } catch (ExecutionException e) {
      return new Tool(MISSING, String.valueOf(e.getMessage()));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new Tool(MISSING, "interrupted");
    }
  }

  private static String text(Process process) {
    try (var in = process.getInputStream()) {
      return new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
