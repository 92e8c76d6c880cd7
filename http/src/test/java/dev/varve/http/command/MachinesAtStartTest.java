package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.http.client.ApiClient;
import dev.varve.http.client.ApiRequest;
import dev.varve.http.server.ServerSockets;
import dev.varve.http.server.StateServer;
import dev.varve.io.nbd.NbdLimits;
import dev.varve.io.nbd.ReplyStyle;
import io.vertx.core.json.JsonArray;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachinesAtStartTest {

  @TempDir Path folder;

  @Test
  void machineThatFailsAfterTheServerIsReadyIsToldWithItsReason() throws Exception {
    try (var server =
        new StateServer(folder, ServerSockets.USUAL, NbdLimits.DEFAULT, ReplyStyle.STRUCTURED)) {
      var serving =
          new MachineServing(server, start -> start, new PrintWriter(Writer.nullWriter()));

      new MachinesAtStart(server, serving, Duration.ZERO).start(List.of("nothing"));
      for (Thread each : Thread.getAllStackTraces().keySet())
        if (each.getName().equals("start of nothing")) each.join();

      try (var api = new ApiClient(folder)) {
        JsonArray warnings = api.send(ApiRequest.get("machines")).getJsonArray("warnings");
        assertEquals(1, warnings.size(), warnings::encode);
        String text = warnings.getJsonObject(0).getString("text");
        assertEquals(
            "machine 'nothing' has not started with the server: there is no such machine;"
                + " 'varve machine list' shows those that there are",
            text);
      }
    }
  }
}
