package dev.varve.http.command;

import dev.varve.http.command.ServeConfiguration.Source;
import dev.varve.http.command.ServeConfiguration.Value;
import dev.varve.http.config.ConfigFile;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/**
 * {@code varve config show}: each value that a server would use, and where it comes from. Runs on
 * the main thread.
 */
@Command(
    name = "show",
    description = {
      "Shows each value that 'varve serve' would use, and where it comes from.",
      "",
      "Options of 'varve serve' count as they do there, such as --config FILE or --tcp 10809. Root without options sees the"
          + " system's server, as does a user who names its state folder. Secrets are not shown."
    })
final class ConfigShowCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Unmatched private List<String> options = new ArrayList<>();

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() throws IOException {
    var configuration = ServeCommand.lookedAt(options, System.getenv());
    answer.print(
        spec.commandLine().getOut(), () -> json(configuration), () -> table(configuration));
    return 0;
  }

  private static JsonObject json(ServeConfiguration configuration) {
    ConfigFile file = configuration.file();
    var values = new JsonArray();
    configuration.values().forEach(value -> values.add(json(value)));
    return new JsonObject()
        .put("file", file == null ? null : file.path().toString())
        .put("values", values);
  }

  /** For people; secrets are not in it. */
  static String table(ServeConfiguration configuration) {
    ConfigFile file = configuration.file();
    var table = new TextTable("key", "value", "from");
    for (Value value : configuration.values())
      table.row(
          value.key(),
          text(value),
          value.place().isEmpty() ? value.source().words() : value.place());
    return "configuration file: " + (file == null ? "none" : file.path()) + "\n" + table;
  }

  private static @Nullable String text(Value value) {
    if (isSecret(value)) return "(not shown)";
    if (value.source() == Source.DEFAULT) return value.usual().isEmpty() ? null : value.usual();
    return value.values().isEmpty() ? "none" : String.join(", ", value.values());
  }

  /** Files with secrets are named, the secrets are not. */
  private static boolean isSecret(Value value) {
    return value.key().matches(".*(password|passphrase|secret|token)") && !value.values().isEmpty();
  }

  private static JsonObject json(Value value) {
    boolean secret = isSecret(value);
    return new JsonObject()
        .put("key", value.key())
        .put("values", secret ? new JsonArray() : new JsonArray(value.values()))
        .put("usual", value.usual().isEmpty() ? null : value.usual())
        .put("secret", secret)
        .put("source", value.source().name().toLowerCase(Locale.ROOT))
        .put("place", value.place().isEmpty() ? null : value.place());
  }
}
