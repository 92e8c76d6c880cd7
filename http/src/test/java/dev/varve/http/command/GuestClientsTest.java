package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A virtual machine that uses a disk of a running machine over vhost-user is a client. */
@NeedsTools({"qemu-system-x86_64", "curl"})
class GuestClientsTest {

  @TempDir Path folder;

  @Test
  void machineOfQemuIsListedAndComesAgainAfterItWasDisconnected() throws Exception {
    var varve = new ControlTool(folder.resolve("state"));
    try (var server =
        VarveProcess.start(
            folder, "serve", "--state", "state", "--api-tcp", "off", "--vhost-user-dir", "g")) {
      for (int i = 0; i < 3; i++) server.line();
      varve.run("machine", "create", "web");
      varve.run("medium", "create", folder.resolve("web.vdi"), "--size", "8M");
      varve.run("machine", "controller", "add", "web", "SATA", "--bus", "SATA");
      varve.run("machine", "attach", "web", "SATA:0", folder.resolve("web.vdi"));
      varve.run("machine", "start", "web");
      try (var machine = QemuMachine.overVhostUser(folder, Path.of("g/web/SATA/0/0.sock"))) {
        String process = "process " + machine.pid() + " qemu";
        String came = server.log().await("client 1 (" + process);
        assertTrue(came.endsWith(") connected to disk 'web/SATA/0/0' over vhost-user"), came);
        JsonObject client = varve.run("clients").getJsonArray("clients").getJsonObject(0);
        assertEquals(1, client.getInteger("client"));
        assertEquals("vhost-user", client.getString("transport"));
        assertEquals("web/SATA/0/0", client.getString("export"));
        assertTrue(client.getString("peer").startsWith(process), client::encode);

        varve.run("clients", "--disconnect", 1);

        server.log().await(" left disk 'web/SATA/0/0' after ");
        server.log().await("client 2 (" + process);
      }
      String metrics =
          VarveProcess.tool(
              folder,
              "curl",
              "-sS",
              "--fail",
              "--unix-socket",
              "state/api.sock",
              "http://localhost/metrics");
      assertTrue(metrics.contains("\nvarve_vhost_user_accepted_total 2.0"), metrics);
    }
  }
}
