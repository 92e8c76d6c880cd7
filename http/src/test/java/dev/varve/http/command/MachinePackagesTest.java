package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.ovf.OvfReader;
import dev.varve.io.chain.FormatFixtures;
import dev.varve.io.ova.PackageMaker;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines that come out of packages and go into some, with the program as its users have it. */
class MachinePackagesTest {

  private static final int MIB = 1 << 20;
  private static final FormatFixtures.Chain SAMPLE = FormatFixtures.chain("vm-ova-disk");
  private static final int KILLS = Integer.getInteger("varve.kills", 2);

  @TempDir Path folder;

  /** What VirtualBox exported: its descriptor, and its streamOptimized disk. */
  private PackageMaker sample(String descriptor) throws IOException {
    byte[] ovf;
    try (var in = OvfReader.class.getResourceAsStream("/ovf/exported.ovf")) {
      ovf = in.readAllBytes();
    }
    Path disk = SAMPLE.unpack(folder.resolve("fixture")).files().getFirst();
    return new PackageMaker()
        .file(descriptor, ovf)
        .file("mvmdk-disk001.vmdk", Files.readAllBytes(disk));
  }

  private byte[] served(String machine) throws IOException {
    try (var disk = new NbdSocket(folder.resolve("state/nbd.sock"), machine + "/SATA/0/0")) {
      return disk.readAll((int) SAMPLE.capacity());
    }
  }

  private void write(String machine, int offset, byte[] data) throws IOException {
    try (var disk = new NbdSocket(folder.resolve("state/nbd.sock"), machine + "/SATA/0/0")) {
      disk.request(0, NbdSocket.WRITE, 1, offset, data.length);
      disk.send(ByteBuffer.wrap(data));
      assertEquals(0, disk.reply().error());
      disk.request(0, NbdSocket.FLUSH, 2, 0, 0);
      assertEquals(0, disk.reply().error());
    }
  }

  private static byte[] letters(int length, char letter) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) letter);
    return bytes;
  }

  private static String hash(byte[] bytes) {
    return HexFormat.of().formatHex(PackageMaker.sha256(bytes));
  }

  private static List<String> names(RunningServer server) {
    return server.run("machine", "list").getJsonArray("machines").stream()
        .map(each -> ((JsonObject) each).getString("name"))
        .sorted()
        .toList();
  }

  @Test
  void theSampleIsImportedUsedExportedAndImportedAgain() throws Exception {
    Path ova = sample("t1.ovf").writeTo(folder.resolve("t1.ova"));
    Path box = folder.resolve("t1.box");
    sample("./box.ovf").vagrant().writePackedTo(box);
    try (var server = RunningServer.start(folder)) {
      server.run("machine", "import", ova);
      server.run("machine", "start", "mvmdk");
      assertEquals(SAMPLE.sha256(), hash(served("mvmdk")));

      write("mvmdk", MIB + 512, letters(100_000, 'a'));
      server.run("machine", "snapshot", "take", "mvmdk", "S1");
      byte[] then = served("mvmdk");
      write("mvmdk", 3 * MIB, letters(5000, 'b'));
      byte[] now = served("mvmdk");
      Path old = folder.resolve("old.ova");
      server.run("machine", "export", "mvmdk", old, "--snapshot", "S1", "--manifest");
      String refused = server.failure("machine", "export", "mvmdk", folder.resolve("x.ova"));
      assertTrue(refused.contains("is in state Running"), refused);
      server.run("machine", "snapshot", "delete", "mvmdk", "S1");
      server.run("machine", "powerdown", "mvmdk");
      Path fresh = folder.resolve("fresh.ova");
      server.run("machine", "export", "mvmdk", fresh);
      String taken = server.failure("machine", "export", "mvmdk", fresh);
      assertTrue(taken.contains("there is a file"), taken);
      server.run("machine", "export", "mvmdk", fresh, "--force");

      String made = server.run("machine", "import", fresh).getString("machine");
      assertEquals(made, server.run("machine", "show", "mvmdk 1").getString("id"));
      server.run("machine", "import", old, "--name", "then");
      server.run("machine", "import", box);
      assertEquals(List.of("mvmdk", "mvmdk 1", "mvmdk 2", "then"), names(server));
      for (String machine : List.of("mvmdk 1", "mvmdk 2", "then"))
        server.run("machine", "start", machine);
      assertArrayEquals(now, served("mvmdk 1"));
      assertEquals(SAMPLE.sha256(), hash(served("mvmdk 2")));
      assertArrayEquals(then, served("then"));
      server.stop();
    }
    String settings = Files.readString(folder.resolve("state/machines/then/then.vbox"));
    assertTrue(settings.contains("OSType=\"Other\""), settings);
    assertTrue(settings.contains("RAMSize=\"1024\""), settings);
    assertTrue(settings.contains("location=\"mvmdk-disk001.vdi\""), settings);
  }

  @Test
  void aDiskKeepsItsFormatOnRequest() throws Exception {
    Path ova = sample("t1.ovf").writeTo(folder.resolve("t1.ova"));
    try (var server = RunningServer.start(folder)) {
      server.run("machine", "import", ova, "--keep-format");
      server.run("machine", "start", "mvmdk");
      assertEquals(SAMPLE.sha256(), hash(served("mvmdk")));
      write("mvmdk", MIB, letters(70_000, 'c'));
      byte[] now = served("mvmdk");
      server.run("machine", "powerdown", "mvmdk");
      server.run("machine", "start", "mvmdk");
      assertArrayEquals(now, served("mvmdk"));
      server.stop();
    }
    String settings = Files.readString(folder.resolve("state/machines/mvmdk/mvmdk.vbox"));
    assertTrue(settings.contains("location=\"mvmdk-disk001.vmdk\" format=\"VMDK\""), settings);
  }

  @Test
  void ofWhatIsRefusedNothingIsLeft() throws Exception {
    byte[] whole = sample("t1.ovf").bytes();
    Path cut = Files.write(folder.resolve("cut.ova"), Arrays.copyOf(whole, whole.length / 2));
    Path zip = Files.write(folder.resolve("m.zip"), new byte[] {'P', 'K', 3, 4, 0});
    Path broken =
        Files.write(folder.resolve("m.box"), Arrays.copyOf(PackageMaker.gzip(whole), 1000));
    try (var server = RunningServer.start(folder)) {
      String said = server.failure("machine", "import", cut);
      assertTrue(said.contains("'mvmdk-disk001.vmdk' has"), said);
      said = server.failure("machine", "import", zip);
      assertTrue(said.contains("it is a zip archive"), said);
      said = server.failure("machine", "import", broken);
      assertTrue(said.contains("gzip says"), said);
      said = server.failure("machine", "import", folder.resolve("none.ova"));
      assertTrue(said.contains("none.ova"), said);

      assertEquals(List.of(), names(server));
      assertEquals(List.of(), left());
    }
  }

  private List<String> left() throws IOException {
    Path machines = folder.resolve("state/machines");
    if (!Files.exists(machines)) return List.of();
    try (Stream<Path> all = Files.list(machines)) {
      return all.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Path largePackage() {
    byte[] disk = new byte[16 * MIB];
    new Random(3).nextBytes(disk);
    return new PackageMaker()
        .file("m.ovf", PackageMaker.ovf("large", "one.raw", "two.raw"))
        .file("one.raw", disk)
        .file("two.raw", disk)
        .manifest("m.mf")
        .writeTo(folder.resolve("large.ova"));
  }

  @Test
  void anImportThatIsCancelledLeavesNothing() throws Exception {
    Path ova = largePackage();
    try (var server = RunningServer.start(folder)) {
      String job = server.run("machine", "import", ova, "--no-wait").getString("id");
      server.run("job", "cancel", job);
      JsonObject ended = ended(server, job);

      boolean late = ended.getString("state").equals("Done");
      assertTrue(late || ended.getString("state").equals("Cancelled"), ended::encode);
      assertEquals(late ? List.of("large") : List.of(), names(server));
      assertEquals(late ? List.of("large") : List.of(), left());
      server.run("machine", "import", ova, "--name", "again");
      server.stop();
    }
  }

  private static JsonObject ended(RunningServer server, String job) {
    JsonObject shown = server.run("job", "show", job);
    while (shown.getString("state").equals("Running")) shown = server.run("job", "show", job);
    return shown;
  }

  /** Begun, killed after some progress, and started again: the machine is there whole, or not. */
  @Test
  void anImportThatIsKilledLeavesNothing() throws Exception {
    Path ova = largePackage();
    var varve = new ControlTool(folder.resolve("state"));
    for (int kill = 0; kill < KILLS; kill++) {
      try (var process = VarveProcess.start(folder, serve())) {
        process.line();
        checkWhole(varve);
        String job = varve.run("machine", "import", ova, "--no-wait").getString("id");
        int wanted = kill * 900 / KILLS;
        JsonObject shown = varve.run("job", "show", job);
        while (shown.getString("state").equals("Running") && shown.getInteger("permille") < wanted)
          shown = varve.run("job", "show", job);
        process.kill();
        process.exitStatus();
      }
    }
    try (var process = VarveProcess.start(folder, serve())) {
      process.line();
      checkWhole(varve);
      process.terminate();
      assertEquals(0, process.exitStatus(), process::errors);
    }
  }

  private static String[] serve() {
    return new String[] {"serve", "--state", "state", "--api-tcp", "off", "--output", "json"};
  }

  /** Every folder is that of a machine, and every image that of a medium. */
  private void checkWhole(ControlTool varve) throws IOException {
    var machines = new TreeSet<String>();
    for (Object each : varve.run("machine", "list").getJsonArray("machines"))
      machines.add(Path.of(((JsonObject) each).getString("settingsFile")).getParent().toString());
    var media = new TreeSet<String>();
    for (Object each : varve.run("medium", "list").getJsonArray("media"))
      media.add(((JsonObject) each).getString("location"));
    var folders = new TreeSet<String>();
    var images = new TreeSet<String>();
    Path all = folder.resolve("state/machines");
    if (Files.exists(all))
      try (Stream<Path> files = Files.walk(all)) {
        for (Path file : files.toList())
          if (Files.isDirectory(file) && !file.equals(all)) folders.add(file.toString());
          else if (!file.toString().contains(".vbox") && !Files.isDirectory(file))
            images.add(file.toString());
      }
    assertEquals(machines, folders);
    assertEquals(media, images);
    assertFalse(machines.size() > KILLS);
  }
}
