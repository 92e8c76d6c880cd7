package dev.varve.http.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Finds the usual state folder. Any thread; nothing blocks. */
public final class StateFolders {

  private StateFolders() {}

  /**
   * The folder that is used if the user names none, absolute.
   *
   * @param environment of the process: {@code VARVE_STATE} names it, {@code XDG_STATE_HOME} the
   *     folder that it is in, or {@code HOME} the folder in which that is
   * @throws IOException if the home folder is unknown
   */
  public static Path usual(Map<String, String> environment) throws IOException {
    return usual(environment, System.getProperty("user.home", ""));
  }

  /**
   * @param listed the home folder in the system's list of users; "?" if the user is not in it
   */
  static Path usual(Map<String, String> environment, String listed) throws IOException {
    String own = environment.getOrDefault("VARVE_STATE", "");
    if (!own.isEmpty()) return Path.of(own).toAbsolutePath();
    String states = environment.getOrDefault("XDG_STATE_HOME", "");
    if (!states.isEmpty()) return Path.of(states).resolve("varve").toAbsolutePath();
    String given = environment.getOrDefault("HOME", "");
    Path home = Path.of(given.isEmpty() ? listed : given);
    if (!home.isAbsolute())
      throw new IOException(
          "the home folder of this user is unknown, and the usual state folder is in it; set HOME, or name a state folder with --state or VARVE_STATE");
    return home.resolve(".local/state/varve");
  }
}
