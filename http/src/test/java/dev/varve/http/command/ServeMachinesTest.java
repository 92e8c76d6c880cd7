package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import dev.varve.io.vdi.VdiHeader;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code varve serve} without images, in a process of its own, and the commands that talk to it.
 */
class ServeMachinesTest {

  private static final int CAPACITY = 4 << 20;

  @TempDir Path folder;

  private ControlTool varve;

  @BeforeEach
  void tool() {
    varve = new ControlTool(folder.resolve("state"));
  }

  @Test
  @NeedsTools({"qemu-io", "qemu-img"})
  void aMachineIsMadeStartedWrittenSnapshotAndRestored() throws Exception {
    try (var server = serve()) {
      varve.run("machine", "create", "mail");
      varve.run("medium", "create", folder.resolve("disk.vdi"), "--capacity", CAPACITY);
      varve.run("machine", "controller", "add", "mail", "SATA", "--bus", "SATA");
      varve.run("machine", "attach", "mail", "SATA:0", folder.resolve("disk.vdi"));

      String disk = uri(varve.run("machine", "start", "mail"));
      qemuIo(disk, "write -P 1 0 64k");
      varve.run("machine", "snapshot", "take", "mail", "S1");
      qemuIo(disk, "write -P 2 0 64k");
      qemuIo(disk, "read -P 2 0 64k");
      assertTrue(
          varve.failure("machine", "snapshot", "restore", "mail", "S1").contains("VBOX_E_INVALID"));

      varve.run("machine", "powerdown", "mail");
      assertThrows(IOException.class, () -> qemuIo(disk, "read 0 64k"));
      varve.run("machine", "snapshot", "restore", "mail", "S1");
      qemuIo(uri(varve.run("machine", "start", "mail")), "read -P 1 0 64k");

      varve.run("machine", "powerdown", "mail");
      assertEquals(
          "Done", varve.run("machine", "snapshot", "delete", "mail", "S1").getString("state"));
      assertEquals(
          List.of(),
          varve.run("machine", "snapshot", "list", "mail").getJsonArray("snapshots").getList());
      stop(server);
    }
    VarveProcess.tool(folder, "qemu-img", "check", "disk.vdi");
    VarveProcess.tool(folder, "qemu-io", "-r", "-f", "vdi", "-c", "read -P 1 0 64k", "disk.vdi");
  }

  @Test
  @NeedsTools({"qemu-io", "curl"})
  void prometheusIsToldWhatIsServed() throws Exception {
    try (var server = serve()) {
      varve.run("machine", "create", "mail");
      varve.run("medium", "create", folder.resolve("disk.vdi"), "--capacity", CAPACITY);
      varve.run("machine", "controller", "add", "mail", "SATA", "--bus", "SATA");
      varve.run("machine", "attach", "mail", "SATA:0", folder.resolve("disk.vdi"));
      qemuIo(uri(varve.run("machine", "start", "mail")), "write -P 1 0 64k");

      String metrics = varve.metrics();

      for (String line :
          List.of(
              "varve_machines{state=\"Running\"} 1.0",
              "varve_nbd_written_bytes_total 65536.0",
              "varve_nbd_connections 0.0",
              "varve_nbd_refused_total 0.0",
              "varve_nbd_requests_handed_over_total ",
              "# TYPE varve_nbd_turn_seconds histogram",
              "varve_nbd_turn_seconds_bucket{le=\"1.0E-4\"} ",
              "varve_nbd_turn_seconds_bucket{le=\"10.0\"} ",
              "varve_nbd_turn_seconds_bucket{le=\"+Inf\"} ",
              "varve_nbd_turn_seconds_count ",
              "varve_nbd_turn_seconds_sum ",
              "# TYPE varve_polling_seconds_total counter",
              "# TYPE varve_polling_found_total counter",
              "# TYPE varve_polling_missed_total counter",
              "varve_disks_hanging 0.0",
              "varve_storage_threads_stuck ",
              "varve_jobs{state=\"running\"} 0.0",
              "varve_build_info{commit=",
              "# TYPE varve_http_request_seconds histogram",
              "# TYPE jvm_gc_memory_allocated_bytes_total counter",
              "# TYPE jvm_memory_used_bytes gauge"))
        assertTrue(metrics.contains("\n" + line), () -> line + " is not in " + metrics);
      stop(server);
    }
  }

  @Test
  @NeedsTools({"qemu-io", "curl"})
  void prometheusIsToldOfTheGroupsAndDisksOfMachinesAsLongAsTheyRun() throws Exception {
    try (var server = serve()) {
      varve.run("machine", "create", "mail");
      varve.run("medium", "create", folder.resolve("disk.vdi"), "--capacity", CAPACITY);
      varve.run("machine", "controller", "add", "mail", "SATA", "--bus", "SATA");
      varve.run(
          "machine", "attach", "mail", "SATA:0", folder.resolve("disk.vdi"), "--discard", "on");
      varve.run("machine", "bandwidth", "create", "mail", "slow", "--max-bytes-per-second", "4M");
      varve.run("machine", "set", "mail", "SATA:0", "--bandwidth-group", "slow");
      String uri = uri(varve.run("machine", "start", "mail"));
      qemuIo(uri, "write -P 1 0 2M", "read -P 1 0 1M", "discard 1M 1M");

      String running = varve.metrics();

      String disk = "{disk=\"SATA:0\",export=\"mail/SATA/0/0\",machine=\"mail\",";
      String group = "{group=\"slow\",machine=\"mail\"} ";
      for (String line :
          List.of(
              "varve_bandwidth_group_read_bytes_total" + group + "1048576.0",
              "varve_bandwidth_group_written_bytes_total" + group + "2097152.0",
              "varve_bandwidth_group_operations_total" + group,
              "varve_bandwidth_group_throttled_seconds_total" + group,
              "varve_bandwidth_group_waiting_requests" + group + "0.0",
              "varve_bandwidth_group_waiting_bytes" + group + "0.0",
              "# TYPE varve_disk_reclaimed_bytes_total counter",
              "varve_disk_reclaimed_bytes_total{disk=\"SATA:0\",machine=\"mail\"} 1048576.0",
              "varve_disk_requests_total" + disk + "operation=\"discard\"} 1.0",
              "varve_disk_bytes_total" + disk + "operation=\"write\"} 2097152.0",
              "varve_disk_request_seconds_bucket" + disk + "operation=\"read\",le=\"1.0E-5\"} ",
              "varve_disk_throttled_seconds_total" + disk.replaceFirst(",$", "} ")))
        assertTrue(running.contains("\n" + line), () -> line + " is not in " + running);
      varve.run("machine", "powerdown", "mail");
      String stopped = varve.metrics();
      assertFalse(stopped.contains("mail"), stopped);
      stop(server);
    }
  }

  @Test
  void itsSocketsAreTheOwnersAlone() throws Exception {
    try (var server = serve()) {
      for (String socket : List.of("state/api.sock", "state/nbd.sock")) {
        assertEquals(
            "rw-------",
            PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(socket))),
            socket);
      }
      stop(server);
    }
    assertFalse(Files.exists(folder.resolve("state/nbd.sock")));
  }

  @Test
  void aSettingsFileThatIsNotThereIsNamed() throws Exception {
    try (var server =
        VarveProcess.start(
            folder, "serve", "--machine", "no.vbox", "--state", "state", "--api-tcp", "off")) {
      String said = server.errors();
      assertEquals(1, server.exitStatus());
      assertEquals(
          "varve: %s: there is no such file; name a machine's settings file (VBOX_E_FILE_ERROR)%n"
              .formatted(folder.resolve("no.vbox")),
          said);
    }
  }

  @Test
  void whatWasMadeIsThereWhenTheServerIsStartedAgain() throws Exception {
    try (var server = serve()) {
      varve.run("machine", "create", "mail");
      stop(server);
    }
    try (var server = serve()) {
      assertEquals("  machine            mail, PoweredOff", server.line());
      stop(server);
    }
  }

  @Test
  void severalChangesOfASessionAreSavedTogether() throws Exception {
    try (var server = serve()) {
      varve.run("machine", "create", "mail");
      String session = varve.run("machine", "session", "lock", "mail").getString("id");
      varve.run(
          "machine", "controller", "add", "mail", "IDE", "--bus", "ide", "--session", session);
      varve.run("machine", "attach", "mail", "IDE:1.0", "--type", "dvd", "--session", session);

      assertEquals(0, controllers());
      assertTrue(
          varve
              .failure("machine", "controller", "add", "mail", "SATA", "--bus", "sata")
              .contains("VBOX_E_INVALID_OBJECT_STATE"));
      varve.run("machine", "session", "save", session);
      assertEquals(1, controllers());

      varve.run("machine", "session", "unlock", session);
      assertTrue(varve.failure("machine", "session", "save", session).contains("_E_"));
      stop(server);
    }
  }

  @Test
  void aSecondServerOnTheSameStateFolderIsRefused() throws Exception {
    try (var server = serve();
        var second = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", "off")) {
      assertEquals(1, second.exitStatus());
      String said = second.errors();
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.contains(folder.resolve("state").toString()), said);
      stop(server);
    }
  }

  @Test
  @NeedsTools("qemu-io")
  void theDisksOfAMachineThatVirtualBoxMadeAreServedAtOnce() throws Exception {
    Path settings = machineOfVirtualBox();
    try (var server =
        VarveProcess.start(
            folder,
            "serve",
            "--machine",
            "vm/a1-sample.vbox",
            "--state",
            "state",
            "--unix",
            "disks",
            "--api-tcp",
            "0",
            "--output",
            "json")) {
      var served = new JsonObject(server.line());

      var machine = served.getJsonArray("machines").getJsonObject(0);
      assertEquals("a1-sample", machine.getString("name"));
      assertEquals("Running", machine.getString("state"));
      assertEquals(settings.toString(), machine.getString("settingsFile"));
      assertTrue(served.getJsonArray("api").getString(1).startsWith("http://127.0.0.1:"));
      var exports =
          served.getJsonArray("exports").stream()
              .map(JsonObject.class::cast)
              .collect(
                  Collectors.toMap(
                      each -> each.getString("controller") + each.getInteger("port"),
                      each -> each.getJsonArray("uris").getString(0)));
      assertEquals(
          "nbd+unix:///a1-sample/SATA/0/0?socket=" + folder.resolve("disks"), exports.get("SATA0"));
      qemuIo(exports.get("SATA0"), "write -P 5 0 64k");
      qemuIo(exports.get("SATA1"), "write -P 6 0 64k");
      qemuIo(exports.get("SCSI3"), "write -P 7 0 64k");
      qemuIo(exports.get("NVMe1"), "write -P 8 0 64k");

      stop(server);
      assertFalse(Files.exists(folder.resolve("disks")));
      assertFalse(Files.exists(folder.resolve("state/api.sock")));
    }
    VarveProcess.tool(folder, "qemu-io", "-r", "-f", "vdi", "-c", "read -P 5 0 64k", "vm/B.vdi");
    VarveProcess.tool(folder, "qemu-io", "-r", "-f", "vdi", "-c", "read -P 0 0 64k", "vm/I.vdi");
    VarveProcess.tool(folder, "qemu-io", "-r", "-f", "vdi", "-c", "read -P 7 0 64k", "vm/W.vdi");
  }

  @Test
  void aMachineWhoseDiskIsMissingIsRefusedInOneLineThatNamesIt() throws Exception {
    machineOfVirtualBox();
    Files.delete(folder.resolve("vm/B.vdi"));

    try (var server =
        VarveProcess.start(
            folder,
            "serve",
            "--machine",
            "vm/a1-sample.vbox",
            "--state",
            "state",
            "--api-tcp",
            "off")) {
      String said = server.errors();
      assertEquals(1, server.exitStatus());
      assertEquals(1, said.lines().count(), said);
      assertTrue(said.contains("B.vdi") && said.contains("(E_FAIL)"), said);
      assertEquals(said.indexOf("B.vdi"), said.lastIndexOf("B.vdi"), said);
    }
  }

  @Test
  void aSettingsFileThatIsEditedWhileItIsServedIsNotWrittenOver() throws Exception {
    try (var server = serve()) {
      varve.run("machine", "create", "mail");
      varve.run("medium", "create", folder.resolve("disk.vdi"), "--capacity", CAPACITY);
      varve.run("machine", "controller", "add", "mail", "SATA", "--bus", "SATA");
      varve.run("machine", "attach", "mail", "SATA:0", folder.resolve("disk.vdi"));
      Path file = folder.resolve("state/machines/mail/mail.vbox");

      // Idle, and an edit that has nothing to do with disks.
      Files.writeString(file, Files.readString(file).replace("\"1024\"", "\"7777\""));
      varve.run("machine", "controller", "add", "mail", "IDE", "--bus", "ide");
      assertTrue(Files.readString(file).contains("\"7777\""));
      assertTrue(Files.readString(file).contains("PIIX4"));

      // In the middle of a session, and an edit that contradicts it.
      String session = varve.run("machine", "session", "lock", "mail").getString("id");
      varve.run(
          "machine", "controller", "add", "mail", "USB", "--bus", "usb", "--session", session);
      String edited = Files.readString(file).replace("PIIX4", "PIIX3");
      Files.writeString(file, edited);
      assertTrue(
          varve.failure("machine", "session", "save", session).contains("varve machine reload"));
      assertTrue(changedOutside());
      assertTrue(varve.failure("machine", "reload", "mail").contains("--discard"));
      varve.run("machine", "reload", "mail", "--discard");
      assertFalse(changedOutside());
      assertEquals(edited, Files.readString(file));
      varve.run("machine", "session", "unlock", session);

      // Running, and an edit that takes the disk away.
      varve.run("machine", "start", "mail");
      String without = edited.replaceFirst("(?s)<AttachedDevice [^>]*>.*?</AttachedDevice>", "");
      Files.writeString(file, without);
      assertTrue(
          varve.failure("machine", "snapshot", "take", "mail", "S1").contains("ower the machine"));
      assertTrue(changedOutside());
      assertEquals(without, Files.readString(file));
      varve.run("machine", "powerdown", "mail");
      assertFalse(changedOutside());
      assertEquals(without, Files.readString(file));
      server.signal("TERM");
      assertEquals(0, server.exitStatus());
    }
  }

  private boolean changedOutside() {
    return varve
        .run("machine", "list")
        .getJsonArray("machines")
        .getJsonObject(0)
        .getBoolean("changedOutside");
  }

  /** A server without TCP, which has said where it listens. */
  private VarveProcess serve() throws IOException {
    var server = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", "off");
    assertEquals("machines of " + folder.resolve("state"), server.line());
    assertEquals("  api                " + folder.resolve("state/api.sock"), server.line());
    assertEquals("  nbd                " + folder.resolve("state/nbd.sock"), server.line());
    return server;
  }

  private static void stop(VarveProcess server) throws Exception {
    server.signal("TERM");
    assertEquals(0, server.exitStatus(), server::errors);
    assertEquals("", server.errors());
  }

  private int controllers() {
    return varve.run("machine", "controller", "list", "mail").getJsonArray("controllers").size();
  }

  private static String uri(JsonObject exports) {
    return exports.getJsonArray("exports").getJsonObject(0).getJsonArray("uris").getString(0);
  }

  private void qemuIo(String uri, String... commands) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of("qemu-io", "-f", "raw", "-d", "unmap"));
    for (String command : commands) line.addAll(List.of("-c", command));
    line.addAll(List.of("-c", "flush", uri));
    VarveProcess.tool(folder, line.toArray(String[]::new));
  }

  /** A machine as VirtualBox wrote it, whose media are images of their own. */
  private Path machineOfVirtualBox() throws IOException {
    Path vm = Files.createDirectories(folder.resolve("vm/Snapshots")).getParent();
    image(vm.resolve("B.vdi"), false, "30076df8-6b87-4066-96a6-f6fddcd37388");
    image(vm.resolve("H.vdi"), true, "4029ca90-e3fe-49a5-8ab3-98caf5db6bfb");
    image(vm.resolve("W.vdi"), false, "7d37a4cc-af9e-4d37-9e2e-1feb5be4f44f");
    VdiHeader base = image(vm.resolve("I.vdi"), false, "ff9dcbd6-f3ba-4432-baf9-76c39931dc17");
    String child = "e6baab6c-2649-4bf2-8128-0ccf4ce6c201";
    VdiCreator.create(
        vm.resolve("Snapshots/{" + child + "}.vdi"),
        NewImage.childOf(base, UUID::randomUUID).withUuid(UUID.fromString(child)));
    Files.write(vm.resolve("dvd.iso"), new byte[1 << 20]);
    Files.write(vm.resolve("flp.img"), new byte[1440 << 10]);
    Path settings = vm.resolve("a1-sample.vbox");
    Files.writeString(settings, sample().replace("/vm/samp/d/", vm + "/"));
    return settings;
  }

  private static VdiHeader image(Path path, boolean fixed, String uuid) throws IOException {
    NewImage image =
        fixed
            ? NewImage.fixed(CAPACITY, UUID::randomUUID)
            : NewImage.dynamic(CAPACITY, UUID::randomUUID);
    return VdiCreator.create(path, image.withUuid(UUID.fromString(uuid)));
  }

  private static String sample() throws IOException {
    try (InputStream in = ServeMachinesTest.class.getResourceAsStream("/vbox/1-attached.vbox")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
