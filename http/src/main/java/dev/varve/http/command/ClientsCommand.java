package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.delete;
import static dev.varve.http.client.ApiRequest.get;

import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code varve clients}: who uses the disks of a running server. Runs on the main thread. */
@Command(
    name = "clients",
    description =
        "Lists the clients that use disks of a running server, over NBD or vhost-user, and disconnects them.")
public final class ClientsCommand implements Callable<Integer> {

  @Mixin private ServerOptions server;

  @Option(
      names = "--disconnect",
      paramLabel = "CLIENT",
      description =
          "Disconnect this client: its number is in the list. What it has in flight is answered; it may connect again.")
  private @Nullable Long client;

  @Override
  public Integer call() throws IOException {
    return client == null
        ? server.ask(get("clients"), ClientsCommand::table)
        : server.tell(delete("clients", client));
  }

  private static String table(JsonObject answer, ApiClient server) {
    var table =
        new TextTable(
            "client", "disk", "over", "from", "for", "requests", "read", "written", "in flight");
    for (Object each : answer.getJsonArray("clients")) {
      var client = (JsonObject) each;
      table.row(
          client.getLong("client"),
          client.getString("export"),
          client.getString("transport"),
          client.getString("peer"),
          TopScreen.time(Duration.ofSeconds(client.getLong("connectedSeconds"))),
          client.getLong("requests"),
          ByteSize.rounded(client.getLong("bytesRead")),
          ByteSize.rounded(client.getLong("bytesWritten")),
          client.getLong("inFlight"));
    }
    return table.isEmpty() ? "no clients" : table.toString();
  }
}
