package dev.varve.http.command;

import static dev.varve.http.client.ApiRequest.get;

import dev.varve.http.client.ApiClient;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code varve host}: the host's drives and block devices that machines can use. Runs on the main
 * thread.
 */
@Command(
    name = "host",
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows what machines can use of the host.")
public final class HostCommand {

  @Command(
      description = "Lists block devices and drives, and for those that cannot be used the reason.")
  int drives(@Mixin ServerOptions server) throws IOException {
    return server.ask(get("host", "drives"), HostCommand::table);
  }

  private static String table(JsonObject answer, ApiClient server) {
    var table =
        new TextTable("location", "device", "capacity", "sectors", "usable", "writable", "why");
    for (Object each : answer.getJsonArray("drives")) {
      var drive = (JsonObject) each;
      table.row(
          drive.getString("location"),
          drive.getString("device"),
          ByteSize.text(drive.getLong("capacity")),
          drive.getInteger("sectorSize"),
          drive.getBoolean("usable") ? "yes" : "no",
          drive.getBoolean("writable") ? "yes" : "no",
          drive.getString("why"));
    }
    return table.isEmpty() ? "no drives" : table.toString();
  }
}
