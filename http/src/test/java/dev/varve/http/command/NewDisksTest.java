package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What new disks are if a command does not say: the server's configuration decides. */
class NewDisksTest {

  @TempDir Path folder;

  private VarveProcess serve(String... options) throws IOException {
    var server = VarveProcess.start(folder, options);
    for (int i = 0; i < 3; i++) server.line();
    return server;
  }

  private JsonObject made(ControlTool varve, String name, Object... options) {
    Object[] line = new Object[options.length + 5];
    System.arraycopy(
        new Object[] {"medium", "create", folder.resolve(name), "--size", "4M"}, 0, line, 0, 5);
    System.arraycopy(options, 0, line, 5, options.length);
    return varve.run(line);
  }

  private static JsonObject attached(ControlTool varve) {
    return varve
        .run("machine", "show", "m")
        .getJsonObject("hardware")
        .getJsonArray("attachments")
        .getJsonObject(0);
  }

  @Test
  void theConfigurationDecidesWhatACommandDoesNotSay() throws Exception {
    Path state = folder.resolve("state");
    Path config = folder.resolve("varve.conf");
    Files.writeString(
        config,
        """
        state = "%s"
        api-tcp = off
        default-format = vmdk
        default-variant = fixed
        default-discard = on
        default-non-rotational = on
        """
            .formatted(state));
    var varve = new ControlTool(state);
    try (var server = serve("serve", "--config", config.toString())) {
      JsonObject usual = made(varve, "a.vmdk");
      assertEquals("VMDK", usual.getString("format"));
      assertEquals("Fixed", usual.getString("variant"));
      JsonObject said = made(varve, "b.vdi", "--format", "vdi", "--variant", "standard");
      assertEquals("VDI", said.getString("format"));
      assertEquals("Standard", said.getString("variant"));

      varve.run("machine", "create", "m");
      varve.run("machine", "controller", "add", "m", "SATA", "--bus", "SATA");
      varve.run("machine", "attach", "m", "SATA:0", folder.resolve("a.vmdk"));
      assertTrue(attached(varve).getBoolean("discard"));
      assertTrue(attached(varve).getBoolean("nonRotational"));
      varve.run("machine", "detach", "m", "SATA:0");
      varve.run("machine", "attach", "m", "SATA:0", folder.resolve("b.vdi"), "--discard", "off");
      assertFalse(attached(varve).getBoolean("discard"));
      assertTrue(attached(varve).getBoolean("nonRotational"));
      varve.run("machine", "detach", "m", "SATA:0");
      varve.run("machine", "attach", "m", "SATA:0", "--type", "dvd");
      assertFalse(attached(varve).getBoolean("discard"));
      server.terminate();
      assertEquals(0, server.exitStatus());
    }
  }

  @Test
  void withoutItTheyAreAsInVirtualBox() throws Exception {
    var varve = new ControlTool(folder.resolve("state"));
    try (var server = serve("serve", "--state=state", "--api-tcp=off")) {
      JsonObject usual = made(varve, "a.vdi");
      assertEquals("VDI", usual.getString("format"));
      assertEquals("Standard", usual.getString("variant"));
      server.terminate();
      assertEquals(0, server.exitStatus());
    }
  }

  @Test
  void aFormatThatCannotBeMadeIsRefusedWithItsLine() throws Exception {
    Path config = folder.resolve("varve.conf");
    Files.writeString(config, "\ndefault-format = qcow\n");
    try (var check = VarveProcess.start(folder, "config", "check", "--config=" + config)) {
      assertEquals(1, check.exitStatus());
      assertTrue(check.errors().contains(":2: 'default-format' cannot be 'qcow'"), check::errors);
    }
  }
}
