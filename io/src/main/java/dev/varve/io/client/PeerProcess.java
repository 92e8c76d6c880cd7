package dev.varve.io.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process at the other end of a Unix socket, in words for people. Any thread; reads {@code
 * /proc}.
 */
public final class PeerProcess {

  private PeerProcess() {}

  /**
   * @param process its number; not above 0 if it cannot be seen from here
   * @param user its user's number
   */
  public static String words(int process, int user) {
    if (process <= 0) return "a process of another container";
    return "process %d%s, user %d".formatted(process, program(process), user);
  }

  /** Its name, while it is there and may be seen. */
  private static String program(int process) {
    try {
      return " " + Files.readString(Path.of("/proc/" + process + "/comm")).strip();
    } catch (IOException | RuntimeException _) {
      return "";
    }
  }
}
