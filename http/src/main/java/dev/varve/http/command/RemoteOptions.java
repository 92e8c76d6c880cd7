package dev.varve.http.command;

import dev.varve.core.medium.UuidText;
import dev.varve.http.client.RemoteServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/**
 * Options before the command, for a server on another host. Paths in commands are then those of
 * that host. For one thread.
 */
public final class RemoteOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec varve;

  @Option(
      names = "--url",
      paramLabel = "https://HOST:PORT",
      description =
          "Ask the server there, instead of the one of a state folder ($VARVE_URL). Files in commands are that host's:"
              + " give their absolute paths.")
  private @Nullable String url;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "The token for that server ($VARVE_TOKEN_FILE).")
  private @Nullable Path token;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE.pem",
      description = "Trust these authorities instead of those of this system ($VARVE_CA_FILE).")
  private @Nullable Path authorities;

  @Option(
      names = "--client-certificate",
      paramLabel = "FILE.pem",
      description = "The certificate to show to that server.")
  private @Nullable Path certificate;

  @Option(
      names = "--client-key",
      paramLabel = "FILE.pem",
      description = "The private key of that certificate.")
  private @Nullable Path key;

  /** Those of the program that has this command; null if it has none. */
  static @Nullable RemoteOptions of(CommandSpec command) {
    for (CommandSpec mixin : command.root().mixins().values())
      if (mixin.userObject() instanceof RemoteOptions options) return options;
    return null;
  }

  /** Refuses the options for commands that ask no server. */
  public static void check(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) last = last.subcommand();
    CommandSpec command = last.commandSpec();
    RemoteOptions given = of(command);
    if (given == null || !given.isGiven() || last.isUsageHelpRequested()) return;
    boolean asks =
        command.mixins().values().stream().anyMatch(m -> m.userObject() instanceof AsksServer);
    if (!asks)
      throw new ParameterException(
          last.commandSpec().commandLine(),
          "'%s' works on this host, without a server: remove --url and the options that go with it"
              .formatted(command.qualifiedName()));
  }

  private boolean isGiven() {
    return url != null
        || token != null
        || authorities != null
        || certificate != null
        || key != null;
  }

  /**
   * The server that is named, its token and certificates read; null if none is.
   *
   * @param environment decides where the command line does not
   * @param stateIsNamed whether the command line names the server of a state folder
   */
  @Nullable RemoteServer server(Map<String, String> environment, boolean stateIsNamed)
      throws IOException {
    if (url != null && stateIsNamed)
      throw wrong("--url and --state name two servers: remove one of them");
    String named = url != null ? url : environment.getOrDefault("VARVE_URL", "");
    if (stateIsNamed || named.isEmpty()) {
      if (isGiven()) throw wrong("--token-file and the others go with --url: name the server");
      return null;
    }
    Path file = token != null ? token : path(environment, "VARVE_TOKEN_FILE");
    if (file == null)
      throw wrong("%s needs a token: name its file with --token-file".formatted(named));
    if ((certificate == null) != (key == null))
      throw wrong("--client-certificate and --client-key go together: name both files");
    Path trusted = authorities != null ? authorities : path(environment, "VARVE_CA_FILE");
    return RemoteServer.of(named, file, trusted, certificate, key);
  }

  /** Refuses files that are named from a working folder: the server has another one. */
  static void checkFiles(ParseResult parsed, RemoteServer server) {
    for (ArgSpec each : parsed.matchedArgs()) {
      List<Class<?>> types = Arrays.asList(each.auxiliaryTypes());
      boolean uuids = types.contains(MediumReference.class);
      if (!uuids && !types.contains(Path.class)) continue;
      for (String value : each.originalStringValues())
        if (!value.startsWith("/") && !(uuids && UuidText.parse(value) != null))
          throw new ParameterException(
              parsed.commandSpec().commandLine(),
              "'%s' would be another file on the host of %s: write the path that it has there, which begins with /"
                  .formatted(value, server.server()));
    }
  }

  private static @Nullable Path path(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "");
    return value.isEmpty() ? null : Path.of(value);
  }

  private ParameterException wrong(String message) {
    return new ParameterException(varve.commandLine(), message);
  }
}
