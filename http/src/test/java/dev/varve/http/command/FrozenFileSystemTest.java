package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine's disk lies on an ext4 that is frozen, as for a backup, while its guest writes. */
@NeedsTools({"mkfs.ext4", "mount", "umount", "fsfreeze"})
class FrozenFileSystemTest {

  private static final int CAPACITY = 16 << 20;

  /** More than there are event loops for the frozen file system: each loop waits in a write. */
  private static final int GUESTS_BEHIND = 40;

  @TempDir Path folder;

  @Test
  void nothingElseWaitsForAFrozenFileSystemAndNothingIsLostOnIt() throws Exception {
    assumeTrue(isRoot(), "only root can mount");
    Path frozen = Files.createDirectory(folder.resolve("frozen"));
    try (var server = RunningServer.start(folder);
        var mount = Mount.of(server, folder, frozen)) {
      machine(server, "slow", frozen.resolve("slow.vdi"));
      machine(server, "quick", folder.resolve("quick.vdi"));
      String slow = "slow/SATA/0/0";
      try (var guest = new NbdSocket(folder.resolve("state/nbd.sock"), slow)) {
        write(guest, 0); // what comes later lies in a block that is there
        guest.reply();
      }

      mount.freeze();
      List<NbdSocket> behind = new ArrayList<>();
      for (int i = 0; i < GUESTS_BEHIND; i++) {
        var guest = new NbdSocket(folder.resolve("state/nbd.sock"), slow);
        write(guest, 4096L * i);
        behind.add(guest);
      }
      CompletableFuture<?> snapshot =
          CompletableFuture.supplyAsync(
              () -> server.run("machine", "snapshot", "take", "slow", "S1"));

      for (int i = 0; i < GUESTS_BEHIND; i++)
        try (var guest = new NbdSocket(folder.resolve("state/nbd.sock"), "quick/SATA/0/0")) {
          write(guest, 4096L * i);
          assertEquals(0, guest.reply().error());
        }
      server.run("machine", "snapshot", "take", "quick", "S1");
      server.run("machine", "powerdown", "quick");
      server.run("machine", "start", "quick");
      server.run("machine", "create", "third");
      assertEquals(3, server.run("machine", "list").getJsonArray("machines").size());
      assertFalse(snapshot.isDone());

      mount.thaw();
      for (NbdSocket guest : behind) {
        assertEquals(0, guest.reply().error());
        guest.close();
      }
      snapshot.join();
      server.stopAfterTellingOf(frozen.resolve("slow.vdi"));
    }
  }

  private static void machine(RunningServer server, String name, Path disk) throws Exception {
    server.create(name);
    server.run("medium", "create", disk, "--size", CAPACITY);
    server.run("machine", "attach", name, "SATA:0", disk);
    server.run("machine", "start", name);
  }

  private static void write(NbdSocket guest, long offset) throws IOException {
    guest.request(0, NbdSocket.WRITE, offset, offset, 4096);
    guest.send(ByteBuffer.allocate(4096));
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  /** A file system of its own. */
  private record Mount(RunningServer server, Path at) implements AutoCloseable {

    static Mount of(RunningServer server, Path folder, Path at) throws Exception {
      Path image = folder.resolve("ext4.img");
      server.tool("truncate", "-s", "64M", image);
      server.tool("mkfs.ext4", "-q", image);
      server.tool("mount", "-o", "loop", image, at);
      return new Mount(server, at);
    }

    void freeze() throws Exception {
      server.tool("fsfreeze", "-f", at);
    }

    void thaw() throws Exception {
      server.tool("fsfreeze", "-u", at);
    }

    @Override
    public void close() throws Exception {
      new ProcessBuilder("fsfreeze", "-u", at.toString()).start().waitFor(); // if a test failed
      server.close();
      server.tool("umount", at);
    }
  }
}
