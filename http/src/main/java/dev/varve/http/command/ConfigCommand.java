package dev.varve.http.command;

import dev.varve.core.log.Amount;
import dev.varve.http.config.ConfigFileException;
import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code varve config}: looks at the configuration of {@code varve serve}, without a server. Runs
 * on the main thread.
 */
@Command(
    name = "config",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = ConfigShowCommand.class,
    description = "Checks and shows the configuration of 'varve serve'.")
public final class ConfigCommand {

  @Spec private CommandSpec spec;

  @Command(
      description = {
        "Checks the configuration file, and the certificates, folders, users and groups that it names, and tells"
            + " everything that is wrong.",
        "",
        "Exit status: 0 the file can be used, 1 it cannot."
      })
  int check(
      @Option(
              names = "--config",
              paramLabel = "FILE",
              description = "The file ($VARVE_CONFIG, or /etc/varve/varve.conf).")
          @Nullable String config,
      @Mixin AnswerOptions answer)
      throws IOException {
    String file = fileOf(config, System.getenv());
    List<String> problems = List.of();
    int settings = 0;
    try {
      settings = ServeCommand.check(file); // without the environment: it must be right by itself
    } catch (ConfigFileException e) {
      problems = e.problems();
    }
    if (answer.isJson() || problems.isEmpty()) {
      JsonObject json =
          new JsonObject()
              .put("file", file)
              .put("settings", settings)
              .put("problems", new JsonArray(problems));
      String text = "%s can be used: %s".formatted(file, Amount.of(settings, "setting"));
      answer.print(spec.commandLine().getOut(), () -> json, () -> text);
    } else {
      PrintWriter err = spec.commandLine().getErr();
      problems.forEach(problem -> err.println("varve: " + PrintableText.of(problem)));
      err.flush();
    }
    return problems.isEmpty() ? 0 : 1;
  }

  private static String fileOf(@Nullable String config, Map<String, String> environment) {
    if (config != null) return config;
    String named = environment.getOrDefault("VARVE_CONFIG", "");
    return named.isEmpty() ? ConfigOption.USUAL.toString() : named;
  }
}
