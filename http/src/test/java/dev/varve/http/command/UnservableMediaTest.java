package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine of which not everything can be served, and one that sleeps, in a server of its own. */
class UnservableMediaTest {

  @TempDir Path folder;

  @Test
  @NeedsTools("qemu-io")
  void whatCanBeServedIsServedAndTheRestIsNamed() throws Exception {
    try (var server = RunningServer.start(folder)) {
      server.create("guest");
      for (int port = 0; port < 2; port++) {
        Path disk = folder.resolve("disk" + port + ".vdi");
        server.run("medium", "create", disk, "--capacity", "1M");
        server.run("machine", "attach", "guest", "SATA:" + port, disk);
      }
      Path disc = Files.write(folder.resolve("disc.iso"), new byte[65536]);
      server.run("medium", "open", disc, "--device", "dvd");
      server.run("machine", "attach", "guest", "IDE:1.0", disc, "--type", "dvd");
      server.stop();
    }
    Files.delete(folder.resolve("disc.iso"));
    Path torn = folder.resolve("disk1.vdi");
    Files.write(torn, new byte[100]);

    try (var server = RunningServer.start(folder)) {
      String refused = server.failure("machine", "start", "guest");
      assertTrue(refused.contains("SATA:1: '" + torn + "' cannot be opened"), refused);
      assertTrue(refused.endsWith("are served with --without 'SATA:1' (E_FAIL)"), refused);

      JsonObject started = server.run("machine", "start", "guest", "--without", "SATA:1");

      String warning = started.getJsonArray("warnings").getString(0);
      assertTrue(warning.startsWith("the drive at IDE:1 of machine 'guest' is empty"), warning);
      assertEquals(2, started.getJsonArray("exports").size());
      server.qemuIo(server.uri("guest", "SATA", 0), "write -P 5 0 64k");
      JsonObject run = server.run("machine", "show", "guest").getJsonObject("run");
      assertEquals(
          new JsonArray().add(new JsonObject("{\"controller\":\"SATA\",\"port\":1,\"device\":0}")),
          run.getJsonArray("without"));
      server.run("machine", "powerdown", "guest");
    }
  }

  @Test
  @NeedsTools("qemu-io")
  void aMachineThatSleepsIsReadAndNotWritten() throws Exception {
    Path settings;
    try (var server = RunningServer.start(folder)) {
      server.create("guest");
      Path disk = folder.resolve("disk.vdi");
      server.run("medium", "create", disk, "--capacity", "1M");
      server.run("machine", "attach", "guest", "SATA:0", disk);
      settings = Path.of(server.run("machine", "show", "guest").getString("settingsFile"));
      server.stop();
    }
    Path memory = Files.writeString(settings.resolveSibling("memory.sav"), "memory");
    Files.writeString(
        settings, Files.readString(settings).replace("OSType", "stateFile=\"memory.sav\" OSType"));

    try (var server = RunningServer.start(folder)) {
      assertTrue(server.failure("machine", "start", "guest").contains("discard-state 'guest'"));
      server.run("machine", "start", "guest", "--read-only");
      server.tool(
          "qemu-io", "-r", "-f", "raw", "-c", "read -P 0 0 64k", server.uri("guest", "SATA", 0));
      server.run("machine", "powerdown", "guest");
      assertEquals("Saved", server.run("machine", "show", "guest").getString("state"));

      server.run("machine", "discard-state", "guest");

      assertTrue(Files.notExists(memory));
      server.run("machine", "start", "guest");
      server.run("machine", "powerdown", "guest");
    }
  }

  @Test
  void anImageThatAMachineBesideItListsAsEncryptedIsNeitherServedNorCopied() throws Exception {
    Path vm = Files.createDirectories(folder.resolve("vm/Snapshots")).getParent();
    Path image = vm.resolve("disk.vdi");
    ImageTool.image("create", image, "--capacity", "4M");
    Path top = vm.resolve("Snapshots/top.vdi");
    ImageTool.image("create", top, "--parent", image);
    String uuid =
        new JsonObject(ImageTool.image("info", image, "--output", "json"))
            .getJsonArray("images")
            .getJsonObject(0)
            .getString("uuid");
    Path settings = vm.resolve("vm.vbox");
    Files.writeString(
        settings,
        """
        <VirtualBox xmlns="http://www.virtualbox.org/" version="1.19-linux">
          <Machine uuid="{6d1f0c1a-0000-4000-8000-000000000001}" name="vm">
            <MediaRegistry>
              <HardDisks>
                <HardDisk uuid="{%s}" location="disk.vdi" format="VDI" type="Normal">
                  <Property name="CRYPT/KeyStore" value="U0NORQAB"/>
                </HardDisk>
              </HardDisks>
            </MediaRegistry>
          </Machine>
        </VirtualBox>
        """
            .formatted(uuid));

    for (List<Object> use :
        List.<List<Object>>of(
            List.of("convert", top, folder.resolve("copy.vdi")),
            List.of("create", folder.resolve("child.vdi"), "--parent", image))) {
      AssertionError refused =
          assertThrows(AssertionError.class, () -> ImageTool.image(use.toArray()));
      assertTrue(
          refused.getMessage().contains(image + " is encrypted: '" + settings),
          refused::getMessage);
    }
    assertTrue(ImageTool.image("info", top).contains("encrypted          yes"));
    try (var server =
        VarveProcess.start(folder, "serve", top.toString(), "--unix", "s", "--read-only")) {
      assertTrue(server.errors().contains(image + " is encrypted"));
      assertEquals(1, server.exitStatus());
    }
  }
}
