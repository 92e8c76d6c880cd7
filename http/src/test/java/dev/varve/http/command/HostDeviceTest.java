package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines on raw images, block devices and drives of the host, through the real program. */
@NeedsTools("qemu-io")
class HostDeviceTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  // ---- raw bases

  @Test
  void machineOnARawBaseTakesSnapshotsAndMergesThemBack() throws Exception {
    Path raw = sparse("base.img");
    lifeOn(raw);

    VarveProcess.tool(
        folder,
        "qemu-io",
        "-r",
        "-f",
        "raw",
        "-c",
        "read -P 2 1M 3M",
        "-c",
        "read -P 3 4M 1M",
        "-c",
        "read -P 0 5M 1M",
        "-c",
        "read -P 1 6M 10M",
        raw.toString());
    assertEquals(16 * MIB, Files.size(raw));
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  @NeedsTools("losetup")
  void machineOnABlockDeviceTakesSnapshotsAndMergesThemBack(int sector) throws Exception {
    String loop = loop(sector);
    try {
      lifeOn(Path.of(loop));

      VarveProcess.tool(
          folder,
          "qemu-io",
          "-r",
          "-f",
          "host_device",
          "-c",
          "read -P 2 1M 3M",
          "-c",
          "read -P 0 5M 1M",
          "-c",
          "read -P 1 6M 10M",
          loop);
    } finally {
      VarveProcess.tool(folder, "losetup", "-d", loop);
    }
  }

  /** Leaves 1 at 0 to 16M, but 2 at 1 to 4M, 3 at 4 to 5M, and zeroes at 5 to 6M. */
  private void lifeOn(Path base) throws Exception {
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "open", base);
      server.run("machine", "attach", "m", "SATA:0", base);
      server.run("machine", "start", "m");
      String disk = server.uri("m", "SATA", 0);
      server.qemuIo(disk, "write -P 1 0 16M");
      server.run("machine", "snapshot", "take", "m", "S1");
      server.qemuIo(disk, "write -P 2 1M 3M", "read -P 1 0 1M", "read -P 1 4M 12M");
      server.run("machine", "snapshot", "take", "m", "S2");
      server.qemuIo(disk, "write -P 3 4M 1M", "write -z 5M 1M", "write -P 3 15M 512");
      server.qemuIo(disk, "write -P 1 15M 512");
      server.stop();
    }
    try (var server = RunningServer.start(folder)) {
      server.run("machine", "start", "m");
      String disk = server.uri("m", "SATA", 0);
      String[] all = {
        "read -P 1 0 1M",
        "read -P 2 1M 3M",
        "read -P 3 4M 1M",
        "read -P 0 5M 1M",
        "read -P 1 6M 10M"
      };
      server.qemuIo(disk, all);
      server.run("machine", "snapshot", "delete", "m", "S2");
      server.qemuIo(disk, all);
      server.run("machine", "snapshot", "delete", "m", "S1");
      server.qemuIo(disk, all);
      assertEquals(
          base.toString(),
          server
              .run("medium", "show", server.attachment("m", "SATA", 0).getString("medium"))
              .getString("location"));
      server.qemuIo(disk, "write -P 7 0 512", "write -P 1 0 512");
      server.run("machine", "snapshot", "take", "m", "S3");
      server.qemuIo(disk, "write -P 7 0 1M", "write -P 1 0 1M");
      server.run("machine", "powerdown", "m");
      server.run("machine", "snapshot", "delete", "m", "S3");
      server.run("machine", "start", "m");
      server.qemuIo(disk, all);
      server.stop();
    }
  }

  // ---- drives

  @Test
  @NeedsTools({"losetup", "mount", "mkfs.ext4"})
  void drivesOfTheHostAreListedWithWhatKeepsThemFromBeingUsed() throws Exception {
    String loop = loop(4096);
    try (var server = RunningServer.start(folder)) {
      JsonObject free = drive(server, loop);
      assertTrue(free.getBoolean("usable"), free::encode);
      assertTrue(free.getBoolean("writable"), free::encode);
      assertEquals(16 * MIB, free.getInteger("capacity"));
      assertEquals(4096, free.getInteger("sectorSize"));

      server.create("m");
      server.run("medium", "open", loop);
      server.run("machine", "attach", "m", "SATA:0", loop);
      server.run("machine", "start", "m");
      assertUnusable(drive(server, loop), "open for writing");
      server.run("machine", "powerdown", "m");

      Path mounted = Files.createDirectory(folder.resolve("mounted"));
      server.tool("mkfs.ext4", "-q", loop);
      server.tool("mount", loop, mounted);
      try {
        assertUnusable(drive(server, loop), "mounted on " + mounted);
        String why = server.failure("machine", "start", "m");
        assertTrue(why.contains(loop) && why.contains("mounted"), why);
      } finally {
        server.tool("umount", mounted);
      }
      server.tool("blockdev", "--setro", loop);
      assertUnusable(drive(server, loop), "can only be read");
      server.tool("blockdev", "--setrw", loop);
      server.stop();
    } finally {
      VarveProcess.tool(folder, "losetup", "-d", loop);
    }
  }

  private static void assertUnusable(JsonObject drive, String why) {
    assertFalse(drive.getBoolean("usable"), drive::encode);
    assertTrue(drive.getString("why").contains(why), drive::encode);
  }

  private static JsonObject drive(RunningServer server, String location) {
    return server.run("host", "drives").getJsonArray("drives").stream()
        .map(JsonObject.class::cast)
        .filter(each -> each.getString("location").equals(location))
        .findFirst()
        .orElseThrow();
  }

  @Test
  @NeedsTools({"losetup", "nbdinfo"})
  void drivePassedThroughIsWrittenAndItsSettingsFileNamesIt() throws Exception {
    String loop = loop(4096);
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      JsonObject medium = server.run("medium", "open", loop, "--device", "DVD");
      assertEquals("HostDrive", medium.getString("format"));
      server.run("machine", "attach", "m", "IDE:0", loop, "--type", "DVD");
      server.run("machine", "start", "m");
      String drive = server.uri("m", "IDE", 0);
      assertTrue(server.tool("nbdinfo", drive).contains("is_read_only: true"));

      server.run("machine", "powerdown", "m");
      JsonObject set = server.run("machine", "set", "m", "IDE:0", "--passthrough", "on");
      assertTrue(
          set.getJsonObject("effects").getJsonObject("passthrough").getBoolean("effective"),
          set::encode);
      server.run("machine", "start", "m");
      assertTrue(server.tool("nbdinfo", drive).contains("is_read_only: false"));
      server.qemuIo(drive, "write -P 5 4095 3", "read -P 5 4095 3", "write -P 6 1M 64k");
      server.stop();
    }
    byte[] written = Files.readAllBytes(folder.resolve("device.img"));
    assertEquals(5, written[4095]);
    assertEquals(5, written[4097]);
    assertEquals(0, written[4098]);
    assertEquals(6, written[MIB + 65535]);
    try (var server = RunningServer.start(folder)) {
      JsonObject drive = server.attachment("m", "IDE", 0);
      assertTrue(drive.getBoolean("passthrough"));
      assertEquals(
          loop, server.run("medium", "show", drive.getString("medium")).getString("location"));
      server.run("machine", "start", "m");
      server.qemuIo(server.uri("m", "IDE", 0), "read -P 6 1M 64k");
      server.stop();
    } finally {
      VarveProcess.tool(folder, "losetup", "-d", loop);
    }
  }

  // ---- what there is

  /** A loop device over 16 MiB; where the machine allows none, the test is left out. */
  private String loop(int sector) throws Exception {
    Path file = sparse("device.img");
    try {
      return VarveProcess.tool(
              folder, "losetup", "-f", "--show", "-b", Integer.toString(sector), file.toString())
          .strip();
    } catch (IOException e) {
      assumeTrue(false, "the machine gives no loop device: " + e.getMessage());
      throw e;
    }
  }

  private Path sparse(String name) throws IOException {
    Path file = folder.resolve(name);
    try (var made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(16 * MIB);
    }
    return file;
  }
}
