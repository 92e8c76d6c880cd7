package dev.varve.http.client;

import java.nio.file.Path;
import java.util.Map;

/** Where the state folder of a server is. */
public final class StateFolders {

  private StateFolders() {}

  /**
   * The folder that a user means who names none, absolute.
   *
   * @param environment of the process: {@code VARVE_STATE} names it, or {@code XDG_STATE_HOME} the
   *     folder that it is in
   */
  public static Path usual(Map<String, String> environment) {
    String own = environment.getOrDefault("VARVE_STATE", "");
    if (!own.isEmpty()) return Path.of(own).toAbsolutePath();
    String home = environment.getOrDefault("XDG_STATE_HOME", "");
    Path states =
        home.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".local", "state")
            : Path.of(home);
    return states.resolve("varve").toAbsolutePath();
  }
}
