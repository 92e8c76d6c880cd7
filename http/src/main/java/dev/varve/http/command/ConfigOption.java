package dev.varve.http.command;

import dev.varve.http.config.ConfigFile;
import dev.varve.http.config.ConfigFileException;
import dev.varve.http.config.Setting;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * Which configuration file counts: the one of {@code --config}, else that of {@code VARVE_CONFIG},
 * else {@code /etc/varve/varve.conf} if it is there. For one thread.
 *
 * <p>The file in {@code /etc} is that of the system's server. It does not count for the server of a
 * state folder that another user owns, or of another folder than the one that the file names, so
 * that users can run servers of their own beside the system's.
 */
@CommandLineOnly
final class ConfigOption {

  private static final System.Logger LOG = System.getLogger(ConfigOption.class.getName());

  static final Path USUAL = Path.of("/etc/varve/varve.conf");

  private static final String NONE = "none";

  @Option(
      names = "--config",
      paramLabel = "FILE|none",
      description =
          "The configuration file ($VARVE_CONFIG, or /etc/varve/varve.conf if it is there and the user of this process"
              + " owns the state folder that it names). Its keys are these options without '--'; options on the command"
              + " line count more, then the environment.")
  private @Nullable String config;

  /** The words of the command line; null for none. */
  @Nullable String given() {
    return config;
  }

  boolean isGiven() {
    return config != null;
  }

  /**
   * Reads the file that counts; null for none.
   *
   * @param environment of this process
   * @param state the state folder that the command line or the environment names; null for none
   */
  @Nullable ConfigFile file(Map<String, String> environment, @Nullable Path state)
      throws IOException {
    String named = config == null ? environment.getOrDefault("VARVE_CONFIG", "") : config;
    if (named.equalsIgnoreCase(NONE)) return null;
    if (!named.isEmpty()) return ConfigFile.read(Path.of(named));
    return ofTheSystem(USUAL, state, System.getProperty("user.name", ""));
  }

  /**
   * Reads the system's file, if it is for this server.
   *
   * @param user who runs it
   */
  static @Nullable ConfigFile ofTheSystem(Path usual, @Nullable Path state, String user)
      throws IOException {
    if (!Files.exists(usual)) return null;
    if (!Files.isReadable(usual)) {
      LOG.log(Level.WARNING, "{0} is not readable for this user, and is left out", usual);
      return null;
    }
    ConfigFile file = ConfigFile.read(usual);
    String others = others(file, state, user);
    if (others == null) return file;
    LOG.log(Level.INFO, "{0} is left out: {1}; --config {0} takes it", usual, others);
    return null;
  }

  /**
   * Whether a command that looks at a server from outside looks at the system's: its file counts
   * then for every user who can read it.
   *
   * @param config the file that the command line names; null for none
   * @param state the state folder that the command line names; null for none
   */
  static boolean isSystemLookedAt(
      Map<String, String> environment, @Nullable String config, @Nullable Path state) {
    if (config != null || !environment.getOrDefault("VARVE_CONFIG", "").isEmpty()) return false;
    return isSystemLookedAt(USUAL, state(environment, state), System.getProperty("user.name", ""));
  }

  /** Root, who has no server of its own, looks at the system's unless it names another folder. */
  static boolean isSystemLookedAt(Path usual, @Nullable Path state, String user) {
    if (!Files.isReadable(usual)) return false;
    if (state == null) return user.equals("root");
    try {
      return state.toAbsolutePath().normalize().equals(stateFolder(ConfigFile.read(usual)));
    } catch (ConfigFileException _) {
      return true; // it may be, and then its problems have to be told
    }
  }

  /** The state folder that the command line or the environment names; null for none. */
  static @Nullable Path state(Map<String, String> environment, @Nullable Path commandLine) {
    String folder = environment.getOrDefault("VARVE_STATE", "");
    return commandLine != null || folder.isEmpty() ? commandLine : Path.of(folder);
  }

  private static @Nullable Path stateFolder(ConfigFile file) {
    for (Setting setting : file.settings())
      if (setting.key().equals("state") && !setting.list())
        return Path.of(setting.text()).toAbsolutePath().normalize();
    return null;
  }

  /** Why the file is not for this server; null if it is. */
  private static @Nullable String others(ConfigFile file, @Nullable Path state, String user)
      throws IOException {
    Path folder = stateFolder(file);
    if (folder == null) return null;
    if (state != null && !state.toAbsolutePath().normalize().equals(folder))
      return "it is for the state folder " + folder;
    if (!Files.exists(folder)) return null;
    String owner = Files.getOwner(folder).getName();
    return owner.equals(user)
        ? null
        : "it is for the user '" + owner + "', which owns the state folder " + folder;
  }
}
