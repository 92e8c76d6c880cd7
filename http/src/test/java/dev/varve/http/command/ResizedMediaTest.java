package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Disks that become larger, by a server and without one. */
@NeedsTools({"nbdinfo", "nbdcopy", "qemu-io", "qemu-img"})
class ResizedMediaTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "vdi, Standard",
    "vdi, Fixed",
    "vmdk, Standard",
    "vmdk, Fixed",
    "vhd, Standard",
    "vhd, Fixed",
  })
  void aMachineGetsALargerDisk(String format, String variant) throws Exception {
    Path disk = folder.resolve("disk." + format);
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run(
          "medium", "create", disk, "--size", "20M", "--format", format, "--variant", variant);
      server.run("machine", "attach", "m", "SATA:0", disk);
      server.run("machine", "start", "m");
      String uri = server.uri("m", "SATA", 0);
      server.qemuIo(uri, "write -P 5 0 100k", "write -P 6 19M 1M");
      String running = server.failure("medium", "resize", disk, "--capacity", "40M");
      assertTrue(running.contains("machine 'm' holds it for writing"), running);
      server.run("machine", "powerdown", "m");
      byte[] before = Files.readAllBytes(disk);
      String smaller = server.failure("medium", "resize", disk, "--size", "10M");
      assertTrue(smaller.contains("a disk can only grow"), smaller);
      assertArrayEquals(before, Files.readAllBytes(disk));

      JsonObject resized = server.run("medium", "resize", disk, "--size", "40M");

      assertEquals(40 * MIB, resized.getLong("capacity"));
      assertEquals(variant, resized.getString("variant"));
      server.run("machine", "start", "m");
      assertEquals("" + 40 * MIB, server.tool("nbdinfo", "--size", uri).strip());
      server.qemuIo(
          uri,
          "read -P 5 0 100k",
          "read -P 6 19M 1M",
          "read -P 0 20M 20M",
          "write -P 7 39M 1M",
          "write -P 8 20M 300k");
      Path copy = folder.resolve("copy.raw");
      server.tool("nbdcopy", uri, copy);
      server.run("machine", "powerdown", "m");
      assertEquals("clean", ImageTool.status(disk));
      Path converted = folder.resolve("converted.raw");
      server.tool(
          "qemu-img", "convert", "-O", "raw", "--image-opts", qemu(format, disk), converted);
      assertEquals(-1, Files.mismatch(copy, converted));
      server.stop();
    }
  }

  /** QEMU takes the size of a VHD from its geometry otherwise. */
  private static String qemu(String format, Path disk) {
    return format.equals("vhd")
        ? "driver=vpc,force_size_calc=current_size,file.filename=" + disk
        : "driver=%s,file.filename=%s".formatted(format, disk);
  }

  @ParameterizedTest
  @CsvSource({"vdi", "vmdk", "vhd"})
  void theTopOfAChainGrowsAndItsSnapshotIsDeletedAfterwards(String format) throws Exception {
    Path disk = folder.resolve("disk." + format);
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "create", disk, "--size", "20M", "--format", format);
      server.run("machine", "attach", "m", "SATA:0", disk);
      server.run("machine", "start", "m");
      String uri = server.uri("m", "SATA", 0);
      server.qemuIo(uri, "write -P 6 19M 1M");
      server.run("machine", "powerdown", "m");
      server.run("machine", "snapshot", "take", "m", "S1");
      String top = server.attachment("m", "SATA", 0).getString("medium");
      String base = server.failure("medium", "resize", disk, "--size", "40M");
      assertTrue(base.contains("resize the image on top of the disk instead"), base);

      server.run("medium", "resize", top, "--size", "40M");

      server.run("machine", "start", "m");
      assertEquals("" + 40 * MIB, server.tool("nbdinfo", "--size", uri).strip());
      server.qemuIo(uri, "read -P 6 19M 1M", "read -P 0 20M 20M", "write -P 7 39M 1M");
      server.run("machine", "powerdown", "m");
      server.run("machine", "snapshot", "delete", "m", "S1");
      assertEquals(40 * MIB, server.run("medium", "show", disk).getLong("capacity"));
      server.run("machine", "start", "m");
      server.qemuIo(uri, "read -P 6 19M 1M", "read -P 0 20M 19M", "read -P 7 39M 1M");
      server.run("machine", "powerdown", "m");
      assertEquals("clean", ImageTool.status(disk));
      server.stop();
    }
  }

  @Test
  void aRawDiskGrowsAndDiscsDoNot() throws Exception {
    Path raw = folder.resolve("disk.raw");
    Path disc = Files.write(folder.resolve("disc.iso"), new byte[65536]);
    try (var server = RunningServer.start(folder)) {
      server.run("medium", "create", raw, "--size", "20M", "--format", "raw");
      server.run("medium", "open", disc, "--device", "dvd");

      server.run("medium", "resize", raw, "--size", "40M");
      String refused = server.failure("medium", "resize", disc, "--size", "40M");

      assertEquals(40 * MIB, Files.size(raw));
      assertTrue(refused.contains("only hard disks can be resized"), refused);
      server.stop();
    }
  }

  // ---- without a server

  @ParameterizedTest
  @CsvSource({"vdi", "vmdk", "vhd"})
  void anImageIsResizedWithoutAServer(String format) throws IOException {
    Path disk = folder.resolve("disk." + format);
    ImageTool.image("create", disk, "--size", "20M");

    String said = ImageTool.image("resize", disk, "--size", "40M", "--output", "json");

    var facts = new JsonObject(said);
    assertEquals(40 * MIB, facts.getLong("capacity"));
    assertEquals(format, facts.getString("format").toLowerCase(Locale.ROOT));
    assertEquals("clean", ImageTool.status(disk));
    byte[] before = Files.readAllBytes(disk);
    assertRefused("a disk can only grow", disk, "--size", "20M");
    assertRefused("choose 41943552", disk, "--size", "41943041");
    assertRefused("copy the disk into", disk, "--size", "5000T");
    assertArrayEquals(before, Files.readAllBytes(disk));
  }

  @Test
  void theTopOfAChainIsResizedWithoutAServer() {
    Path base = folder.resolve("base.vdi");
    Path top = folder.resolve("top.vdi");
    ImageTool.image("create", base, "--size", "20M");
    ImageTool.image("create", top, "--parent", base);

    ImageTool.image("resize", "--chain", base + "," + top, "--size", "40M");

    var info = new JsonObject(ImageTool.image("info", top, "--output", "json"));
    assertEquals(40 * MIB, info.getLong("capacity"));
    assertEquals(20 * MIB, info.getJsonArray("images").getJsonObject(0).getLong("capacity"));
  }

  @Test
  void aFileThatIsNoImageIsNotResized() throws IOException {
    Path raw = Files.write(folder.resolve("disk.raw"), new byte[4096]);

    assertRefused("truncate -s SIZE FILE", raw, "--size", "40M");

    assertEquals(4096, Files.size(raw));
  }

  private static void assertRefused(String why, Object... arguments) {
    var command = new Object[arguments.length + 1];
    command[0] = "resize";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    var refused = assertThrows(AssertionError.class, () -> ImageTool.image(command));
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }
}
