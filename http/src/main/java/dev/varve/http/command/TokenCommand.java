package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.delete;
import static dev.varve.http.client.ApiRequest.get;
import static dev.varve.http.client.ApiRequest.post;

import dev.varve.http.access.Scope;
import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code varve token}: what other people and programs may do. Runs on the main thread. */
@Command(
    name = "token",
    synopsisSubcommandLabel = "COMMAND",
    description = "Makes, lists and withdraws tokens for the API of a running server.")
public final class TokenCommand {

  @Command(
      sortOptions = false,
      description = {
        "Makes a token and prints it. It is shown only this once: the server keeps a hash of it.",
        "",
        "Scopes: metrics scrapes the metrics; read looks at everything; operate also runs and changes the machines that"
            + " are named, and the media that only these use; admin does everything.",
        ""
      })
  int create(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "NAME", description = "What it is for, such as a person.")
          String name,
      @Option(
              names = "--scope",
              required = true,
              paramLabel = "metrics|read|operate|admin",
              description = "What a client with this token may do.")
          Scope scope,
      @Option(
              names = "--machine",
              paramLabel = "MACHINE",
              description = "A machine that may be operated, by name or uuid; may be repeated.")
          @Nullable List<String> machines,
      @Option(
              names = "--expires",
              paramLabel = "DURATION",
              converter = TimeSpan.Converter.class,
              description = "How long the token holds, such as 12h or 30d (until it is withdrawn).")
          @Nullable Duration expires)
      throws IOException {
    var body = new JsonObject().put("name", name).put("scope", scope.text());
    if (machines != null) body.put("machines", new JsonArray(machines));
    if (expires != null) body.put("expiresInSeconds", expires.toSeconds());
    return server.ask(post("tokens").body(body), (made, _) -> made.getString("token"));
  }

  @Command(description = "Lists the tokens that were made and not withdrawn.")
  int list(@Mixin ServerOptions server) throws IOException {
    return server.ask(get("tokens"), TokenCommand::table);
  }

  private static String table(JsonObject answer, ApiClient server) {
    var table = new TextTable("token", "name", "scope", "machines", "made", "expires");
    for (JsonObject token : AnswerParts.objects(answer, "tokens")) {
      String expires = token.getString("expiresAt");
      table.row(
          token.getString("id"),
          token.getString("name"),
          token.getString("scope"),
          token.getJsonArray("machines").stream()
              .map(machine -> ((JsonObject) machine).getString("name"))
              .collect(Collectors.joining(", ")),
          token.getString("madeAt"),
          expires == null ? "never" : expires);
    }
    return table.isEmpty() ? "no tokens" : table.toString();
  }

  @Command(
      description =
          "Withdraws a token. It holds no more when this command returns, also for clients that are connected.")
  int revoke(
      @Mixin ServerOptions server,
      @Parameters(paramLabel = "TOKEN", description = "The token's id or name.") String token)
      throws IOException {
    return server.tell(delete("tokens", token));
  }
}
