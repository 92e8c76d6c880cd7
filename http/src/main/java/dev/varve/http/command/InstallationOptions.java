package dev.varve.http.command;

import dev.varve.core.device.FailureWords;
import dev.varve.http.client.StateFolders;
import dev.varve.http.command.ServeConfiguration.Source;
import dev.varve.http.command.ServeConfiguration.Value;
import dev.varve.http.config.ConfigFile;
import dev.varve.http.config.ConfigFileException;
import dev.varve.http.config.Setting;
import dev.varve.http.doctor.Installation;
import dev.varve.http.server.TcpAddress;
import dev.varve.io.posix.Accounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** The server that a command looks at from outside, also if it does not run. For one thread. */
final class InstallationOptions {

  @Option(
      names = "--state",
      paramLabel = "FOLDER",
      description =
          "The server's state folder ($VARVE_STATE, or that of the configuration file, or ~/.local/state/varve).")
  private @Nullable Path state;

  @Option(
      names = "--config",
      paramLabel = "FILE|none",
      description =
          "The server's configuration file ($VARVE_CONFIG, or /etc/varve/varve.conf if it is for this user or the"
              + " state folder that is named; root looks at the system's server).")
  private @Nullable String config;

  /** The words that {@code varve serve} would get. */
  List<String> words(Map<String, String> environment) {
    List<String> words = new ArrayList<>();
    if (state != null) words.add("--state=" + state);
    String file = config == null ? environment.getOrDefault("VARVE_CONFIG", "") : config;
    if (ConfigOption.isSystemLookedAt(environment, config, state))
      file = ConfigOption.USUAL.toString();
    if (!file.isEmpty()) words.add("--config=" + file);
    return words;
  }

  /**
   * What the doctor examines. A configuration file that is wrong does not end the examination: its
   * problems are findings, and its readable settings count.
   *
   * @param named other files and folders to examine
   */
  Installation of(List<Path> named, Map<String, String> environment) throws IOException {
    List<String> words = words(environment);
    Map<String, List<String>> settings = new HashMap<>();
    List<String> problems = List.of();
    Path file = null;
    try {
      ServeConfiguration configuration = ServeCommand.configuration(words, environment);
      ConfigFile read = configuration.file();
      if (read != null) file = read.path();
      for (Value value : configuration.values())
        if (value.source() != Source.DEFAULT) settings.put(value.key(), value.values());
    } catch (ConfigFileException e) {
      problems = e.problems();
      settings.putAll(readable(words));
    } catch (ParameterException e) {
      problems = List.of(FailureWords.of(e));
      settings.putAll(readable(words));
    }
    return new Installation(
        user(),
        file,
        problems,
        stateFolder(settings, environment),
        settings,
        addresses(settings),
        named.stream().map(each -> each.toAbsolutePath().normalize()).toList());
  }

  /** A user who is on no list has a number only. */
  private static String user() {
    String name = System.getProperty("user.name", "?");
    return name.equals("?") ? Integer.toString(Accounts.self()) : name;
  }

  /** What stands in a file that has something wrong in it; nothing if it cannot be read at all. */
  private static Map<String, List<String>> readable(List<String> words) {
    Map<String, List<String>> settings = new HashMap<>();
    for (String word : words)
      if (word.startsWith("--config="))
        try {
          Path file = Path.of(word.substring("--config=".length()));
          for (Setting each : ConfigFile.read(file).settings())
            settings.put(each.key(), each.values());
        } catch (ConfigFileException _) {
          // Its problems are told.
        }
    return settings;
  }

  private Path stateFolder(Map<String, List<String>> settings, Map<String, String> environment)
      throws IOException {
    if (state != null) return state.toAbsolutePath().normalize();
    List<String> set = settings.getOrDefault("state", List.of());
    Path folder = set.isEmpty() ? StateFolders.usual(environment) : Path.of(set.getFirst());
    return folder.toAbsolutePath().normalize();
  }

  /** Those that can be read; the configuration's problems tell of the others. */
  private static Map<String, TcpAddress> addresses(Map<String, List<String>> settings) {
    Map<String, TcpAddress> addresses = new HashMap<>();
    for (String nbd : settings.getOrDefault("tcp", List.of()))
      put(addresses, "tcp", () -> TcpAddressConverter.parse(nbd));
    String api = String.join("", settings.getOrDefault("api-tcp", List.of()));
    put(addresses, "api-tcp", () -> api.isEmpty() ? ApiAddress.USUAL : ApiAddress.parse(api).tcp());
    return addresses;
  }

  private static void put(
      Map<String, TcpAddress> addresses, String key, Supplier<@Nullable TcpAddress> parsed) {
    try {
      TcpAddress address = parsed.get();
      if (address != null) addresses.put(key, address);
    } catch (TypeConversionException _) {
      // It is left out.
    }
  }
}
