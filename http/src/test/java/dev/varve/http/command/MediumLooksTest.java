package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies in the disks of a machine that runs, asked of its server. */
@NeedsTools("qemu-io")
class MediumLooksTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  void mapAndCheckOfARunningDiskSayWhatTheyWouldSayOfItsImages() throws Exception {
    Path base = folder.resolve("disk.vdi");
    Path top;
    String live;
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "create", base, "--size", "8M");
      server.run("machine", "attach", "m", "SATA:0", base);
      server.run("machine", "start", "m");
      String disk = server.uri("m", "SATA", 0);
      server.qemuIo(disk, "write -P 1 1M 2M");
      server.run("machine", "snapshot", "take", "m", "S");
      server.qemuIo(disk, "write -P 2 4M 1M");
      String id = server.attachment("m", "SATA", 0).getString("medium");
      top = Path.of(server.run("medium", "show", id).getString("location"));

      JsonObject map = server.run("medium", "map", top);
      JsonObject check = server.run("medium", "check", top);
      JsonObject below = server.run("medium", "check", base);

      live = map.getJsonArray("extents").encode();
      assertEquals(2, map.getJsonArray("images").size());
      JsonObject written = map.getJsonArray("extents").getJsonObject(3);
      assertEquals(4 * MIB, written.getLong("offset"), live);
      assertEquals(1, written.getInteger("depth"), live);
      assertEquals(top.toString(), written.getString("file"));
      assertEquals("clean", check.getString("status"), check::encode);
      assertTrue(check.getBoolean("served"));
      assertEquals("clean", below.getString("status"), below::encode);
      assertFalse(below.getBoolean("served"));
      server.qemuIo(disk, "read -P 1 1M 2M", "read -P 2 4M 1M"); // it is served as before

      try (var outside = VarveProcess.start(folder, "image", "map", "--chain", base + "," + top)) {
        assertEquals(1, outside.exitStatus());
        String said = outside.errors();
        assertTrue(said.contains("'varve medium map' asks it"), said);
        assertFalse(said.contains("Exception"), said);
      }
      try (var outside = VarveProcess.start(folder, "image", "check", top.toString())) {
        assertEquals(1, outside.exitStatus());
        assertTrue(outside.errors().contains("'varve medium check' asks it"));
      }
      server.run("machine", "powerdown", "m");
      assertEquals(
          live, server.run("medium", "map", top).getJsonArray("extents").encode(), "as it ran");
      server.stop();
    }
    JsonObject alone =
        new JsonObject(ImageTool.image("map", "--chain", base + "," + top, "--output", "json"));
    assertEquals(live, alone.getJsonArray("extents").encode());
    assertTrue(Files.exists(top));
  }
}
