package dev.varve.http.doctor;

import dev.varve.http.server.TcpAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The server that the checks examine, as its settings describe it, and files that the user names.
 * The server need not run, and its settings may be wrong. Immutable.
 *
 * @param user the user of this process
 * @param configuration the configuration file that counts; null for none
 * @param problems what is wrong with that file; the settings are those that could be read
 * @param stateFolder absolute
 * @param settings the values of the options of {@code varve serve} that are given, by their names
 *     without {@code --}
 * @param addresses where the server listens on TCP, by the option that says so
 * @param named images, machines' settings files and folders, absolute
 */
public record Installation(
    String user,
    @Nullable Path configuration,
    List<String> problems,
    Path stateFolder,
    Map<String, List<String>> settings,
    Map<String, TcpAddress> addresses,
    List<Path> named) {

  private static final String ROOT = "root";

  public Installation {
    problems = List.copyOf(problems);
    settings = Map.copyOf(settings);
    addresses = Map.copyOf(addresses);
    named = List.copyOf(named);
  }

  /** The values of a setting; none if it is not given. */
  public List<String> values(String key) {
    return settings.getOrDefault(key, List.of());
  }

  /** The value of a setting; empty if it is not given. */
  String value(String key) {
    return String.join(" ", values(key));
  }

  boolean isRoot() {
    return user.equals(ROOT);
  }
}
