package dev.varve.io.trial;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether a file system answers, without waiting for it: another program looks at a file
 * and makes one, because a thread that waits for a frozen file system could keep this process from
 * ending. Any thread; blocks for the patience at most.
 */
public final class Silence {

  /** Removes what it makes also if the file system answers later. */
  private static final String SCRIPT =
      """
      ls -d -- "$1" || exit 0
      [ -d "$1" ] || exit 0
      made=$(umask 077; mktemp -p "$1" .varve-trial-XXXXXXXX) && rm -f -- "$made"
      exit 0
      """;

  private Silence() {}

  /**
   * Whether no answer comes about a file or folder in this time. What cannot be found out counts as
   * an answer: a missing file, or permission that is denied.
   */
  public static boolean isAt(Path place, Duration patience) {
    try {
      Process look =
          new ProcessBuilder("sh", "-c", SCRIPT, "sh", place.toString())
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      // Not ended if it waits: when it can go on, it removes what it makes.
      return !look.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (IOException _) {
      return false; // it cannot be started: the caller finds out by itself
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return true;
    }
  }
}
