package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.vdi.NewImage;
import dev.varve.io.vdi.VdiCreator;
import java.io.RandomAccessFile;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server's life, told from its log alone. */
class LogOfAServerTest {

  private static final int MIB = 1 << 20;
  private static final String LINE =
      "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z (INFO|WARNING|ERROR) \\w+: .*";

  /** In this order, with other lines between them. */
  private static final List<String> ORDINARY_LIFE =
      List.of(
          "INFO server: varve .* has started as process \\d+ on JDK 25.*: serves the machines of"
              + " .*/state, 0 machines and 0 images; NBD at .*/state/nbd.sock; HTTP at"
              + " .*/state/api.sock and http://127.0.0.1:\\d+/api/v1",
          "INFO machines: machine 'web' is registered: .*/web.vbox, with 0 attached devices and 0"
              + " snapshots",
          "INFO machines: machine 'web': controller 'SATA' is added",
          "INFO machines: machine 'web': its settings are saved in .*/web.vbox",
          "INFO machines: image '.*/web.vdi' is registered: VDI, 8 MiB",
          "INFO machines: machine 'web': '.*/web.vdi' is attached at SATA:0",
          "INFO machines: machine 'web': bandwidth group 'slow' is made: 20 MiB/s",
          "INFO machines: machine 'web': the device at SATA:0 is in bandwidth group 'slow'",
          "INFO machines: machine 'web' has started with 1 hard disk and 0 drives",
          "INFO clients: client 1 \\(process \\d+ .*\\) connected to disk 'web/SATA/0/0' over NBD",
          "INFO clients: client 1 .* left disk 'web/SATA/0/0' after .*: it closed the connection"
              + " without a disconnect request; 1 request, 4 KiB read, 0 bytes written",
          "INFO clients: client 2 .* left disk 'web/SATA/0/0' after .*: it disconnected; 1 request, 0"
              + " bytes read, 0 bytes written",
          "INFO machines: machine 'web': snapshot 'first' is taken, while it runs",
          "INFO machines: machine 'web': the limit of bandwidth group 'slow' is 80 MiB/s, and was"
              + " 20 MiB/s",
          "INFO machines: image '.*/more.vdi' is registered: VDI, 8 MiB",
          "INFO machines: machine 'web': '.*/more.vdi' is attached at SATA:1, while it runs",
          "INFO machines: machine 'web': '.*/more.vdi' is detached from SATA:1, while it runs",
          "INFO machines: image '.*/more.vdi' is not registered any more",
          "INFO machines: image '.*/more.vdi': its file is deleted",
          "INFO machines: job begun: delete snapshot 'first' of machine 'web'",
          "INFO machines: machine 'web': snapshot 'first' is deleted",
          "INFO machines: job done after .* s: delete snapshot 'first' of machine 'web'",
          "INFO machines: machine 'web' is powered down after .* s",
          "INFO machines: machine 'web': snapshot 'second' is taken",
          "INFO machines: machine 'web': snapshot 'second' is restored",
          "INFO machines: machine 'web': the changes that were not saved are discarded",
          "WARNING api: a request was refused: its token is missing or wrong: GET"
              + " /api/v1/machines from 127.0.0.1:\\d+",
          "INFO server: stopping: SIGTERM",
          "WARNING api: 2 more requests were refused since: .*",
          "INFO server: stopped after .* \\(SIGTERM\\): 2 connections, 2 requests, 4 KiB read, 0"
              + " bytes written");

  /** The request that a line is told because of. */
  private static final String CAUSE = "( \\[request [0-9a-z]+-[0-9a-z]+])?";

  @TempDir Path temporary;
  private Path folder;
  private ControlTool varve;

  @BeforeEach
  void state() throws Exception {
    folder = temporary.toRealPath();
    varve = new ControlTool(folder.resolve("state"));
  }

  @Test
  void everyChangeAndEveryClientIsTold() throws Exception {
    try (var server =
        VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", "127.0.0.1:0")) {
      server.line();
      server.line();
      String api = server.line().strip().replaceFirst("^\\S+\\s+", "");
      server.line();
      live(api, server.log());
      server.signal("TERM");
      assertEquals(0, server.exitStatus());

      List<String> lines = server.log().allLines();
      assertTold(ORDINARY_LIFE, lines);
      for (String line : lines)
        if (line.contains("job done")) assertTrue(line.matches(".* \\[request \\S+]"), line);
    }
  }

  private void live(String api, ProcessLog log) throws Exception {
    varve.run("machine", "create", "web");
    varve.run("machine", "controller", "add", "web", "SATA", "--bus", "SATA");
    varve.run("medium", "create", folder.resolve("web.vdi"), "--size", "8M");
    varve.run("machine", "attach", "web", "SATA:0", folder.resolve("web.vdi"));
    varve.run("machine", "bandwidth", "create", "web", "slow", "--max-bytes-per-second", "20M");
    varve.run("machine", "set", "web", "SATA:0", "--bandwidth-group", "slow");
    varve.run("machine", "start", "web");
    Path disks = folder.resolve("state/nbd.sock");
    try (var disk = new NbdSocket(disks, "web/SATA/0/0")) {
      disk.readAll(4096);
    }
    log.await("client 1 (process " + ProcessHandle.current().pid());
    log.await("without a disconnect request");
    try (var disk = new NbdSocket(disks, "web/SATA/0/0")) {
      disk.request(0, NbdSocket.FLUSH, 1, 0, 0);
      disk.reply();
      disk.request(0, NbdSocket.DISCONNECT, 2, 0, 0);
      log.await("it disconnected");
    }
    varve.run("machine", "snapshot", "take", "web", "first");
    varve.run("machine", "bandwidth", "set", "web", "slow", "--max-bytes-per-second", "80M");
    varve.run("medium", "create", folder.resolve("more.vdi"), "--size", "8M");
    varve.run("machine", "attach", "web", "SATA:1", folder.resolve("more.vdi"));
    varve.run("machine", "detach", "web", "SATA:1");
    varve.run("medium", "delete", folder.resolve("more.vdi"));
    varve.run("machine", "snapshot", "delete", "web", "first");
    log.await("job done");
    varve.run("machine", "powerdown", "web");
    varve.run("machine", "snapshot", "take", "web", "second");
    varve.run("machine", "snapshot", "restore", "web", "second");
    String session = varve.run("machine", "session", "lock", "web").getString("id");
    varve.run("machine", "controller", "add", "web", "IDE", "--bus", "IDE", "--session", session);
    varve.run("machine", "session", "unlock", session);
    for (int i = 0; i < 3; i++) {
      var request = (HttpURLConnection) URI.create(api + "/machines").toURL().openConnection();
      request.setRequestProperty("Authorization", "Bearer wrong");
      assertEquals(401, request.getResponseCode());
    }
  }

  @Test
  @NeedsTools("curl")
  void whatTheHostCannotCarryOutIsToldAndCountedWhenItHappens() throws Exception {
    Path image = Files.write(folder.resolve("disk.img"), new byte[4 * MIB]);
    try (var server = VarveProcess.start(folder, "serve", "--state", "state", "--api-tcp", "off")) {
      for (int i = 0; i < 3; i++) server.line();
      varve.run("machine", "create", "web");
      varve.run("machine", "controller", "add", "web", "SATA", "--bus", "SATA");
      varve.run("medium", "open", image);
      varve.run("machine", "attach", "web", "SATA:0", image);
      varve.run("machine", "start", "web");
      try (var file = new RandomAccessFile(image.toFile(), "rw")) {
        file.setLength(2 * MIB);
      }
      try (var disk = new NbdSocket(folder.resolve("state/nbd.sock"), "web/SATA/0/0")) {
        for (int cookie = 0; cookie < 3; cookie++) {
          disk.request(0, NbdSocket.READ, cookie, 3 * MIB, 4096);
          assertEquals(5, disk.reply().error());
        }
      }
      String line = server.log().await("input/output error");
      assertTrue(line.contains("WARNING disks: disk 'web/SATA/0/0'"), line);
      assertTrue(line.contains("a read of 4096 bytes at offset 3145728 failed"), line);
      assertTrue(line.contains(image.toString()), line);

      String metrics = varve.metrics();
      assertTrue(
          metrics.contains(
              "\nvarve_disk_errors_total{disk=\"SATA:0\",export=\"web/SATA/0/0\",kind=\"EIO\",machine=\"web\",operation=\"read\"}"
                  + " 3.0"),
          metrics);

      server.signal("TERM");
      assertEquals(1, server.exitStatus());
      assertTold(
          List.of(
              "WARNING disks: disk 'web/SATA/0/0': 2 more reads failed until now, when the disk is"
                  + " closed, input/output error \\(EIO\\)",
              "ERROR machines: machine 'web': not everything that it wrote is on its disks: .*",
              "ERROR server: stopped after .*; the host could not carry out: disk 'web/SATA/0/0': 3"
                  + " reads \\(EIO\\); not saved: .*disk.img.*"),
          server.log().allLines());
    }
  }

  @Test
  @NeedsTools("mount")
  void aFullFileSystemIsOneLineForEachKindAndAtTheEndACount() throws Exception {
    try (var small = SmallFileSystem.mount(folder.resolve("small"), "size=4M")) {
      Path image = small.path().resolve("disk.vdi");
      VdiCreator.create(image, NewImage.dynamic(64L * MIB, UUID::randomUUID));
      try (var server = VarveProcess.start(folder, "serve", image.toString(), "--unix", "s")) {
        server.line();
        server.line();
        byte[] data = new byte[MIB];
        Arrays.fill(data, (byte) 7); // zeroes would take no space
        try (var disk = new NbdSocket(folder.resolve("s"))) {
          for (int cookie = 0; cookie < 12; cookie++) {
            disk.request(0, NbdSocket.WRITE, cookie, (long) cookie * MIB, MIB);
            disk.send(ByteBuffer.wrap(data));
            int error = disk.reply().error();
            assertTrue(error == 0 || error == 28, "error " + error);
          }
        }
        server.signal("TERM");
        server.exitStatus();

        List<String> told =
            server.log().allLines().stream().filter(line -> line.contains("ENOSPC")).toList();
        String all = String.join("\n", told);
        assertEquals(3, told.size(), all);
        assertTrue(
            told.get(0).contains("WARNING disks: disk 'disk'")
                && told.get(0).contains("a write of 1048576 bytes at offset"),
            all);
        assertTrue(told.get(1).matches(".* [0-9]+ more writes failed until now, .*"), all);
        assertTrue(told.get(2).contains("server: stopped after"), all);
      }
    }
  }

  @Test
  void aLevelLeavesOutWhatIsNotAskedFor() throws Exception {
    try (var server =
        VarveProcess.start(
            folder, "serve", "--state", "state", "--api-tcp", "off", "--log-level", "warning")) {
      for (int i = 0; i < 3; i++) server.line();
      server.signal("TERM");
      assertEquals(0, server.exitStatus());

      assertEquals(List.of(), server.log().allLines());
    }
  }

  /** Each in turn; every line is of the one form, and no stack trace or class of Java is in any. */
  private static void assertTold(List<String> expected, List<String> lines) {
    int at = 0;
    for (String line : expected) {
      int from = at;
      while (at < lines.size() && !lines.get(at).substring(25).matches(line + CAUSE)) at++;
      if (at == lines.size())
        throw new AssertionError(
            "no line '" + line + "' in\n" + String.join("\n", lines.subList(from, lines.size())));
      at++;
    }
    for (String line : lines) {
      assertTrue(line.matches(LINE), line);
      assertFalse(line.matches(".*(Exception|\\bjava\\.|dev\\.varve\\.).*"), line);
    }
  }
}
