package dev.varve.http.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Finds the process that uses a state folder, as far as this user can see it, and says why it does
 * not answer. Any thread; looks at files of the system.
 */
public final class FolderProcess {

  /**
   * The kernel's list of locks is read for this; trying to lock the file would disturb the server.
   */
  private static final Path LOCKS = Path.of("/proc/locks");

  private FolderProcess() {}

  /** The process that uses a state folder; null if there is none, or it cannot be seen. */
  public static @Nullable Long of(Path stateFolder) {
    Long process = holder(stateFolder.resolve("lock"), "POSIX");
    return process == null ? holder(stateFolder, "FLOCK") : process; // it may be read-only
  }

  private static @Nullable Long holder(Path locked, String kind) {
    try {
      // Not opened: closing it would free this process's own lock, if it had one.
      String inode = ":" + Files.getAttribute(locked, "unix:ino");
      for (String line : Files.readAllLines(LOCKS)) {
        String[] words = line.split("\\s+"); // 1: POSIX ADVISORY WRITE 4711 fe:00:2171234 0 EOF
        if (words.length == 8 && words[1].equals(kind) && words[5].endsWith(inode))
          return Long.valueOf(words[4]);
      }
    } catch (IOException | RuntimeException _) {
      // It stays unknown.
    }
    return null;
  }

  /**
   * Why the connection failed, and what to do.
   *
   * @param failure the failure of the socket
   */
  static String unreachable(Path stateFolder, Path socket, Throwable failure) {
    return unreachable(stateFolder, socket, failure, FolderAccess.SERVICE);
  }

  /**
   * @param service the state folder of the host's service, which may be missing
   */
  static String unreachable(Path stateFolder, Path socket, Throwable failure, Path service) {
    String why = root(failure);
    boolean asksService = stateFolder.equals(service);
    if (why.contains("Permission denied"))
      return asksService
          ? "the service with the state folder %s is %s"
              .formatted(service, FolderAccess.membership(service))
          : "%s, and this user may not use the server of the state folder %s: run the command as that user, or name another folder with --state"
              .formatted(FolderAccess.owner(stateFolder), stateFolder);
    Long process = of(stateFolder);
    if (why.contains("temporarily unavailable") || why.contains("timed out"))
      return "the server that listens on %s (%s) takes no connections: it hangs, or has too many connections; look at its log, and stop it if this goes on"
          .formatted(socket, process == null ? "process unknown" : "process " + process);
    if (process != null)
      return "process %d uses %s but does not listen on %s: it is starting or stopping; try again in a moment"
          .formatted(process, stateFolder, socket);
    return "no server listens on %s: %s; %sstart one with: %s"
        .formatted(
            socket,
            why,
            asksService ? "" : FolderAccess.service(service),
            asksService ? "systemctl start varve" : "varve serve --state " + stateFolder);
  }

  private static String root(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) cause = cause.getCause();
    return String.valueOf(cause.getMessage());
  }
}
