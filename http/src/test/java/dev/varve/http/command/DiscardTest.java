package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest discards and zeroes, through the real program. */
@NeedsTools("qemu-io")
class DiscardTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"VDI, Standard", "VDI, Fixed", "RAW, Standard"})
  void whatIsDiscardedComesBackToTheHostAndIsReported(String format, String variant)
      throws Exception {
    try (var server = RunningServer.start(folder)) {
      Path file = folder.resolve("disk");
      server.create("m");
      server.run(
          "medium", "create", file, "--size", "64M", "--format", format, "--variant", variant);
      server.run("machine", "attach", "m", "SATA:0", file, "--discard", "on");
      assertEquals(null, server.attachment("m", "SATA", 0).getLong("reclaimed"));
      server.run("machine", "start", "m");
      String disk = server.uri("m", "SATA", 0);
      server.qemuIo(disk, "write -P 1 0 32M");
      long full = used(server, file);

      server.qemuIo(disk, "discard 0 32M");
      server.qemuIo(disk, "read -P 0 0 32M"); // after the flush that makes it final

      long given = awaitReclaimed(server, 32 * MIB - 65536); // what the holes themselves take
      assertEquals(true, effect(server, "SATA", "discard").getBoolean("effective"));
      assertTrue(full - used(server, file) >= 31 * MIB, "of " + full + " " + used(server, file));
      assertTrue(given < 33 * MIB, given + " bytes");
      server.run("machine", "powerdown", "m");
      assertEquals(null, server.attachment("m", "SATA", 0).getLong("reclaimed"));
      server.stop();
    }
  }

  /** File blocks are given back once no reader uses them. */
  private static long awaitReclaimed(RunningServer server, long bytes) throws Exception {
    long reclaimed = 0;
    for (int looks = 0; looks < 200 && reclaimed < bytes; looks++) {
      server.qemuIo(server.uri("m", "SATA", 0), "write -P 1 60M 512");
      reclaimed = server.attachment("m", "SATA", 0).getLong("reclaimed");
    }
    assertTrue(reclaimed >= bytes, reclaimed + " bytes of " + bytes);
    return reclaimed;
  }

  private static long used(RunningServer server, Path file)
      throws IOException, InterruptedException {
    return 512 * Long.parseLong(server.tool("stat", "-c", "%b", file).strip());
  }

  private static JsonObject effect(RunningServer server, String controller, String flag) {
    return server.attachment("m", controller, 0).getJsonObject("effects").getJsonObject(flag);
  }

  @Test
  void flagsThatDoNothingOnTheirMediumSayWhy() throws Exception {
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      Path iso = Files.write(folder.resolve("disc.iso"), new byte[65536]);
      server.run("medium", "open", iso, "--device", "DVD");
      JsonObject drive =
          server.run(
              "machine", "attach", "m", "IDE:0", iso, "--type", "DVD", "--passthrough", "on");

      JsonObject effects = drive.getJsonObject("effects");
      for (String flag : effects.fieldNames())
        assertFalse(effects.getJsonObject(flag).getBoolean("effective"), flag);
      assertTrue(effects.toString().contains("disc.iso' is an image"), effects::encode);
      assertTrue(
          effects.getJsonObject("nonRotational").getString("why").contains("a DVD is at IDE:0"),
          effects::encode);
      String refusal = server.failure("machine", "set", "m", "IDE:0", "--non-rotational", "on");
      assertTrue(refusal.contains("E_INVALIDARG"), refusal);
      server.stop();
    }
  }

  @Test
  @NeedsTools({"mount", "nbdinfo"})
  void whereFilesCannotHaveHolesDiscardSaysSoAndTrimIsNotOffered() throws Exception {
    Path memory = Files.createDirectory(folder.resolve("memory"));
    try {
      VarveProcess.tool(folder, "mount", "-t", "ramfs", "none", memory.toString());
    } catch (IOException e) {
      assumeTrue(false, "no file system without holes can be mounted: " + e.getMessage());
    }
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      Path file = memory.resolve("disk.vdi");
      server.run("medium", "create", file, "--size", "16M");
      server.run("machine", "attach", "m", "SATA:0", file, "--discard", "on");
      String before = effect(server, "SATA", "discard").getString("why");
      server.run("machine", "start", "m");
      JsonObject running = effect(server, "SATA", "discard");

      assertFalse(running.getBoolean("effective"));
      assertTrue(before.contains("(ramfs) cannot punch holes"), before);
      assertEquals(before, running.getString("why"));
      assertTrue(server.tool("nbdinfo", server.uri("m", "SATA", 0)).contains("can_trim: false"));
      server.stop();
    } finally {
      VarveProcess.tool(folder, "umount", memory.toString());
    }
  }

  /** VirtualBox/virtualbox #850: zeroes over a parent's data came back as that data. */
  @ParameterizedTest
  @ValueSource(strings = {"write -P 0", "write -z", "write -z -u", "discard"})
  void zeroesOverASnapshotsDataStayZeroesThroughItsDeletion(String zeroing) throws Exception {
    String zero = "read -P 0 1M 2560k";
    String kept = "read -P 7 3584k 1M";
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "create", folder.resolve("disk.vdi"), "--size", "8M");
      server.run("machine", "attach", "m", "SATA:0", folder.resolve("disk.vdi"), "--discard", "on");
      server.run("machine", "start", "m");
      server.qemuIo(server.uri("m", "SATA", 0), "write -P 7 0 8M");
      server.run("machine", "snapshot", "take", "m", "S1");
      server.qemuIo(server.uri("m", "SATA", 0), zeroing + " 1M 2560k", zero, kept);
      server.run("machine", "snapshot", "take", "m", "S2");
      server.qemuIo(server.uri("m", "SATA", 0), zeroing + " 5M 1M", zero, kept);
      server.stop();
    }
    try (var server = RunningServer.start(folder)) {
      server.run("machine", "start", "m");
      String disk = server.uri("m", "SATA", 0);
      server.qemuIo(disk, zero, kept, "read -P 0 5M 1M");

      server.run("machine", "snapshot", "delete", "m", "S2"); // while it runs
      server.qemuIo(disk, zero, kept, "read -P 0 5M 1M");
      server.run("machine", "powerdown", "m");
      server.run("machine", "snapshot", "delete", "m", "S1"); // into the base

      server.run("machine", "start", "m");
      server.qemuIo(disk, zero, kept, "read -P 0 5M 1M", "read -P 7 0 1M", "read -P 7 6M 2M");
      server.stop();
    }
    assertEquals("clean", ImageTool.status(folder.resolve("disk.vdi")));
  }
}
