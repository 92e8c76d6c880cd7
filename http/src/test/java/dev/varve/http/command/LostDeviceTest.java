package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Block devices of the host go away, or fail, under a running machine that has other disks too. */
@NeedsTools({"qemu-io", "losetup"})
class LostDeviceTest {

  private static final int CAPACITY = 16 << 20;

  @TempDir Path folder;
  private Path medium;
  private String loop;
  private RunningServer server;

  /**
   * Starts machine {@code m} with a disk of its own at SATA:0 and a device, either as the disk at
   * SATA:1 or as the drive at IDE:0 that is passed through, past the page cache.
   */
  private String startOn(Path place, boolean passedThrough) throws Exception {
    medium = place.resolve("medium.img");
    try (var made = new RandomAccessFile(medium.toFile(), "rw")) {
      made.setLength(CAPACITY);
    }
    loop = loop(medium);
    server = RunningServer.start(folder);
    server.create("m");
    Path own = folder.resolve("own.vdi");
    server.run("medium", "create", own, "--capacity", CAPACITY);
    server.run("machine", "attach", "m", "SATA:0", own);
    if (passedThrough) {
      server.run("medium", "open", loop, "--device", "DVD");
      server.run("machine", "attach", "m", "IDE:0", loop, "--type", "DVD", "--passthrough", "on");
    } else {
      server.run("medium", "open", loop);
      server.run("machine", "attach", "m", "SATA:1", loop, "--discard", "on");
    }
    server.run("machine", "start", "m");
    return passedThrough ? server.uri("m", "IDE", 0) : server.uri("m", "SATA", 1);
  }

  private String loop(Path file) throws Exception {
    try {
      return VarveProcess.tool(folder, "losetup", "-f", "--show", file.toString()).strip();
    } catch (IOException e) {
      assumeTrue(false, "the machine gives no loop device: " + e.getMessage());
      throw e;
    }
  }

  @AfterEach
  void end() throws Exception {
    if (server != null) server.close();
    if (loop != null) VarveProcess.tool(folder, "losetup", "-d", loop);
  }

  @Test
  void diskThatIsRemovedFailsRequestsAndNothingElse() throws Exception {
    loseDevice(startOn(folder, false), "m/SATA/1/0");

    String why = server.failure("machine", "start", "m");
    assertTrue(why.contains(loop + " is empty"), why);
    server.run("machine", "detach", "m", "SATA:1");
    neighbourGoesOn("m/SATA/1/0");
  }

  @Test
  void driveThatIsRemovedFailsRequestsAndNothingElse() throws Exception {
    loseDevice(startOn(folder, true), "m/IDE/0/0");

    neighbourGoesOn("m/IDE/0/0"); // a drive without a disc keeps no machine from starting
  }

  private void neighbourGoesOn(String lost) throws Exception {
    server.run("machine", "start", "m");
    server.qemuIo(server.uri("m", "SATA", 0), "read -P 4 0 1M", "read -P 1 1M 15M");
    server.stopAfterLosing(lost);
  }

  private void loseDevice(String lost, String export) throws Exception {
    try (var guest = QemuIo.on(lost);
        var neighbour = QemuIo.on(server.uri("m", "SATA", 0))) {
      neighbour.run("write -P 1 0 16M");
      guest.run("write -P 2 0 16M", "flush", "write -P 3 1M 64k");

      try (var cut = new RandomAccessFile(medium.toFile(), "rw")) {
        cut.setLength(0);
      }
      server.tool("losetup", "--set-capacity", loop);

      failsToFlush(export);
      fails(guest, "read 8M 4k");
      fails(guest, "read 1 3M");
      fails(guest, "write -P 5 8M 4k");
      fails(guest, "write -P 5 4097 4k");
      fails(guest, "write -z 1M 64k");
      neighbour.run("read -P 1 0 16M", "write -P 4 0 1M", "flush");
      fails(guest, "read 8M 4k"); // and is still answered
    }
    String why = server.failure("machine", "powerdown", "m");
    assertTrue(why.contains(loop) && why.contains("was truncated or removed"), why);
    assertEquals("PoweredOff", server.run("machine", "show", "m").getString("state"));
  }

  @Test
  @NeedsTools("mount")
  void diskThatCannotBeWrittenFailsTheFlushAndThePowerDownSaysSo() throws Exception {
    Path full = Files.createDirectory(folder.resolve("full"));
    VarveProcess.tool(folder, "mount", "-t", "tmpfs", "-o", "size=4M", "none", full.toString());
    try {
      String failing = startOn(full, false);
      try (var guest = QemuIo.on(failing);
          var neighbour = QemuIo.on(server.uri("m", "SATA", 0))) {
        guest.run("write -P 1 0 1M", "flush");
        guest.tell("write -P 2 1M 8M"); // as far as the page cache, if the kernel is slow enough

        failsToFlush("m/SATA/1/0");

        fails(guest, "write -P 3 1M 4k"); // no client may believe that it goes on
        guest.run("read -P 1 0 1M");
        neighbour.run("write -P 4 0 16M", "flush", "read -P 4 0 16M");
      }
      String why = server.failure("machine", "powerdown", "m");
      assertTrue(why.contains(loop + ": making durable failed"), why);
      assertEquals("PoweredOff", server.run("machine", "show", "m").getString("state"));
      server.stopAfterLosing("m/SATA/1/0");
    } finally {
      server.close();
      VarveProcess.tool(folder, "losetup", "-d", loop);
      loop = null;
      VarveProcess.tool(folder, "umount", full.toString());
    }
  }

  /** Flushes by itself: qemu-io leaves out a flush where it has written nothing. */
  private void failsToFlush(String export) throws IOException {
    try (var client = new NbdSocket(folder.resolve("state/nbd.sock"), export)) {
      client.request(0, NbdSocket.FLUSH, 1, 0, 0);
      assertEquals(new NbdSocket.Reply(1, NbdSocket.EIO), client.reply());
    }
  }

  /** The protocol's EIO; a full device is another matter. */
  private static void fails(QemuIo guest, String command) throws Exception {
    String answer = guest.tell(command);
    assertTrue(answer.contains("Input/output error"), command + ": " + answer);
  }
}
