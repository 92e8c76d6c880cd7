package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Media of a server whose files have another format than the server reads. */
@NeedsTools({"qemu-img", "qemu-io"})
class OtherFormatMediaTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  @Test
  void aMediumIsRawOnlyIfItLooksLikeItOrTheUserSaysSo() throws Exception {
    Path disk = folder.resolve("disk");
    qemuImg("create", "-f", "qed", disk, "4M");
    Path bytes = Files.copy(disk, folder.resolve("copy"));
    pad(disk);
    try (var server = RunningServer.start(folder)) {
      server.create("m");

      String refused = server.failure("medium", "open", disk);
      String drive = server.failure("medium", "open", disk, "--device", "dvd");
      String vdi = server.failure("medium", "open", disk, "--format", "vdi");
      String unknown = server.failure("machine", "attach", "m", "SATA:0", disk);

      assertTrue(refused.contains("this is a QED image"), refused);
      assertTrue(refused.contains("open it with the format RAW"), refused);
      assertTrue(drive.contains("this is a QED image"), drive);
      assertTrue(vdi.contains("this is a QED image"), vdi);
      assertTrue(unknown.contains("open its file first"), unknown);
      assertEquals("[]", server.run("medium", "list").getJsonArray("media").encode());

      assertEquals(
          "RAW", server.run("medium", "open", disk, "--format", "raw").getString("format"));
      server.run("machine", "attach", "m", "SATA:0", disk);
      server.run("machine", "start", "m");
      server.qemuIo(server.uri("m", "SATA", 0), "write -P 5 1M 1M");
      server.run("machine", "powerdown", "m");
      assertTrue(
          server
              .failure("medium", "open", disk, "--format", "vdi")
              .contains("with the format RAW"));
      server.stop();
    }
    byte[] found = Files.readAllBytes(disk);
    assertArrayEquals(Files.readAllBytes(bytes), Arrays.copyOf(found, (int) Files.size(bytes)));
    assertEquals(5, found[MIB]);
  }

  /** To the length of a disk. */
  private static void pad(Path file) throws IOException {
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 4 * MIB));
  }

  /** It was taken for a raw disk as long as the VDI file is. */
  @Test
  void aDiskThatIsRegisteredAsVdiIsNeverTakenForRaw() throws Exception {
    Path disk = folder.resolve("disk");
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      Path named = folder.resolve("disk.vdi");
      server.run("medium", "create", named, "--size", "4M");
      server.run("medium", "close", named);
      Files.move(named, disk);
      server.run("medium", "open", disk);
      server.run("machine", "attach", "m", "SATA:0", disk);
      Files.write(disk, new byte[4 * MIB]);

      String state = server.run("medium", "refresh", disk).getString("state");
      String start = server.failure("machine", "start", "m");

      assertEquals("Inaccessible", state);
      assertTrue(start.contains("has the format RAW, and is registered as VDI"), start);
      server.stop();
    }
  }

  @Test
  void aMachineWithADiskOfAnotherFormatIsToldWhatItIsAndNothingIsWritten() throws Exception {
    Path disk = folder.resolve("disk.qed");
    qemuImg("create", "-f", "qed", disk, "4M");
    byte[] before = Files.readAllBytes(disk);
    Path settings = folder.resolve("m/m.vbox");
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      settings = Path.of(server.run("machine", "show", "m").getString("settingsFile"));
      server.run("medium", "create", folder.resolve("disk.vdi"), "--size", "4M");
      server.run("machine", "attach", "m", "SATA:0", folder.resolve("disk.vdi"));
      server.stop();
    }
    String text =
        Files.readString(settings)
            .replace("disk.vdi", "disk.qed")
            .replace("format=\"VDI\"", "format=\"QED\"");
    Files.writeString(settings, text);
    try (var server = RunningServer.start(folder)) {

      String start = server.failure("machine", "start", "m");
      String snapshot = server.failure("machine", "snapshot", "take", "m", "S");

      assertTrue(start.contains("QED"), start);
      assertTrue(snapshot.contains("QED"), snapshot);
      server.stop();
    }
    assertArrayEquals(before, Files.readAllBytes(disk));
  }

  @Test
  void aCloneCanBeAStreamOptimizedImage() throws Exception {
    Path base = folder.resolve("base.vdi");
    Path packed = folder.resolve("packed.vmdk");
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "create", base, "--size", "4M");
      server.run("machine", "attach", "m", "SATA:0", base);
      server.run("machine", "start", "m");
      server.qemuIo(server.uri("m", "SATA", 0), "write -P 5 1M 1M");
      server.run("machine", "powerdown", "m");

      String vdi =
          server.failure(
              "medium",
              "clone",
              base,
              folder.resolve("x.vdi"),
              "--stream-optimized",
              "--format",
              "vdi");
      server.run("medium", "clone", base, packed, "--stream-optimized");

      assertTrue(vdi.contains("only an image of the format VMDK"), vdi);
      assertEquals("StreamOptimized", server.run("medium", "show", packed).getString("variant"));
      server.stop();
    }
    qemuImg("compare", "-f", "vdi", "-F", "vmdk", base, packed);
    assertTrue(Files.size(packed) < MIB, "it is compressed");
  }

  @Test
  void noMediumIsMadeUnderANameOfAnotherFormat() throws Exception {
    try (var server = RunningServer.start(folder)) {
      Path base = folder.resolve("base.vdi");
      server.run("medium", "create", base, "--size", "4M");
      for (String suffix :
          new String[] {"qcow2", "vmdk", "vhd", "vhdx", "qed", "hdd", "iso", "img"}) {
        Path file = folder.resolve("x." + suffix);

        String create = server.failure("medium", "create", file, "--size", "4M");
        String clone = server.failure("medium", "clone", base, file);
        String diff = server.failure("medium", "diff", base, file);

        for (String refused : new String[] {create, clone, diff})
          assertTrue(refused.contains("name it '" + folder.resolve("x.vdi") + "'"), refused);
        assertFalse(Files.exists(file));
      }
      server.run("medium", "create", folder.resolve("x.img"), "--size", "4M", "--format", "raw");
      assertTrue(
          server
              .failure("medium", "clone", base, folder.resolve("y.vdi"), "--format", "raw")
              .contains("y.raw"));
      server.stop();
    }
  }

  private void qemuImg(Object... arguments) throws Exception {
    String[] words = new String[arguments.length + 1];
    words[0] = "qemu-img";
    for (int i = 0; i < arguments.length; i++) words[i + 1] = arguments[i].toString();
    VarveProcess.tool(folder, words);
  }
}
