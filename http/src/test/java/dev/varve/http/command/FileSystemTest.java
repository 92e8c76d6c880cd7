package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The kernel's ext4 on a machine's disk: through nbdfuse, which shows the disk as a file, and a
 * loop device over that.
 */
@NeedsTools({"nbdfuse", "losetup", "mount", "mkfs.ext4", "fstrim", "cmp"})
class FileSystemTest {

  private static final int MIB = 1 << 20;
  private static final long LARGE = 64 * MIB;

  /** At least: some blocks hold a little of what is kept, and have space for the rest of them. */
  private static final long GIVEN_BACK = LARGE * 3 / 4;

  @TempDir Path folder;

  @Test
  void whatIsDeletedAndTrimmedComesBackToTheHostFromTheBaseAndFromASnapshotsChild()
      throws Exception {
    byte[] kept = new byte[3 * MIB + 777];
    new Random(5).nextBytes(kept);
    Files.write(folder.resolve("kept"), kept);
    Path base = folder.resolve("disk.vdi");
    Path child;
    try (var server = RunningServer.start(folder)) {
      server.create("m");
      server.run("medium", "create", base, "--size", "256M");
      server.run("machine", "attach", "m", "SATA:0", base, "--discard", "on");
      server.run("machine", "start", "m");

      try (var device = Device.of(server, folder)) {
        server.tool("mkfs.ext4", "-q", device.loop);
        writeDeleteAndTrim(server, device, base);
      }
      server.run("machine", "snapshot", "take", "m", "S1");
      String medium = server.attachment("m", "SATA", 0).getString("medium");
      child = Path.of(server.run("medium", "show", medium).getString("location"));
      try (var device = Device.of(server, folder)) {
        writeDeleteAndTrim(server, device, child);
      }
      assertTrue(server.attachment("m", "SATA", 0).getLong("reclaimed") >= GIVEN_BACK);
      server.stop();
    }
    assertEquals("clean", ImageTool.status(base));
    assertEquals("clean", ImageTool.status(child));

    try (var server = RunningServer.start(folder)) {
      server.run("machine", "start", "m");
      try (var device = Device.of(server, folder)) {
        server.tool("e2fsck", "-fn", device.loop);
        device.mount();
        server.tool("cmp", folder.resolve("kept"), device.mounted.resolve("kept"));
      }
      server.stop();
    }
  }

  /** Leaves the file that is kept, and of the large one nothing on the host. */
  private void writeDeleteAndTrim(RunningServer server, Device device, Path image)
      throws Exception {
    device.mount();
    server.tool("cp", folder.resolve("kept"), device.mounted.resolve("kept"));
    Path large = device.mounted.resolve("large");
    server.tool(
        "dd", "if=/dev/urandom", "of=" + large, "bs=1M", "count=" + LARGE / MIB, "conv=fsync");
    long full = used(server, image);
    assertTrue(full >= LARGE, full + " bytes in " + image);

    Files.delete(large);
    server.tool("sync", "-f", device.mounted);
    server.tool("fstrim", device.mounted);
    long left = used(server, image);
    for (int looks = 0; looks < 200 && left > full - GIVEN_BACK; looks++) {
      server.tool("sync", "-f", device.mounted); // what is final is given back a moment later
      left = used(server, image);
    }
    assertTrue(left <= full - GIVEN_BACK, left + " bytes are left of " + full + " in " + image);
  }

  private static long used(RunningServer server, Path file) throws Exception {
    return 512 * Long.parseLong(server.tool("stat", "-c", "%b", file).strip());
  }

  /** A disk of machine m as a block device of this host. */
  private record Device(RunningServer server, Process fuse, Path shown, String loop, Path mounted)
      implements AutoCloseable {

    static Device of(RunningServer server, Path folder) throws Exception {
      Path shown = Files.createTempDirectory(folder, "fuse");
      Path mounted = Files.createTempDirectory(folder, "mounted");
      Path file = shown.resolve("disk");
      Process fuse =
          new ProcessBuilder("nbdfuse", file.toString(), server.uri("m", "SATA", 0))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        while (!Files.exists(file)) {
          assumeTrue(
              fuse.isAlive(), "this machine does not let a process show a disk as a file (FUSE)");
          Thread.onSpinWait();
        }
        String loop = server.tool("losetup", "-f", "--show", file).strip();
        return new Device(server, fuse, shown, loop, mounted);
      } catch (IOException e) {
        fuse.destroy();
        assumeTrue(false, "the machine gives no loop device: " + e.getMessage());
        throw e;
      }
    }

    void mount() throws Exception {
      server.tool("mount", loop, mounted);
    }

    /** Also after a failure, as far as there is something to be ended. */
    @Override
    public void close() throws Exception {
      for (List<Object> command :
          List.<List<Object>>of(
              List.of("umount", mounted), List.of("losetup", "-d", loop), List.of("umount", shown)))
        try {
          server.tool(command.toArray());
        } catch (IOException _) {
          // It was not mounted.
        }
      fuse.waitFor();
    }
  }
}
