package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shareable fixed disk in two machines that run at once, as their emulators see it. */
@NeedsTools("qemu-io")
class ShareableDiskTest {

  @TempDir Path folder;
  private Path shared;
  private RunningServer server;
  private QemuIo left;
  private QemuIo right;

  @BeforeEach
  void twoMachinesOnOneDisk() throws Exception {
    shared = folder.resolve("shared.vdi");
    server = RunningServer.start(folder);
    server.run(
        "medium",
        "create",
        shared,
        "--capacity",
        "16M",
        "--variant",
        "fixed",
        "--type",
        "shareable");
    for (String machine : new String[] {"left", "right"}) {
      server.create(machine);
      server.run("machine", "attach", machine, "SATA:0", shared, "--discard", "on");
      server.run("machine", "start", machine);
    }
    left = QemuIo.on(server.uri("left", "SATA", 0));
    right = QemuIo.on(server.uri("right", "SATA", 0));
  }

  @AfterEach
  void end() {
    left.close();
    right.close();
    server.close();
  }

  @Test
  void eachSeesWhatTheOtherHasWrittenZeroedAndDiscarded() throws Exception {
    for (int round = 1; round <= 10; round++) {
      left.run("write -P %d 0 8M".formatted(round), "flush");
      right.run("read -P %d 0 8M".formatted(round));

      right.run("discard 0 1M", "write -z 1M 1M", "write -z -u 2M 1M", "write -z 3584k 1k");
      right.run("write -P 99 4097k 512", "flush");
      left.run("read -P 0 0 3M", "read -P %d 3M 512k".formatted(round), "read -P 0 3584k 1k");
      left.run("read -P %d 3585k 512k".formatted(round), "read -P 99 4097k 512");

      left.run("discard 4M 2M", "write -P 88 6M 4k", "flush");
      right.run("read -P 0 4M 2M", "read -P 88 6M 4k");
    }
    left.close();
    right.close();
    server.stop();
    assertTrue(VarveProcess.tool(folder, "qemu-img", "check", "shared.vdi").contains("No errors"));
  }

  @Test
  void whatBothWriteAtOnceIsThereForBothAndAfterwards() throws Exception {
    try (ExecutorService guests = Executors.newFixedThreadPool(2)) {
      Future<?> even = guests.submit(everySecondSector(left, 0, 5));
      Future<?> odd = guests.submit(everySecondSector(right, 1, 6));
      even.get();
      odd.get();
    }
    checkSectors(left);
    checkSectors(right);

    left.close();
    server.run("machine", "powerdown", "left");
    right.run("write -P 7 8M 1M", "flush");
    checkSectors(right);
    right.close();
    server.stop();
    server = RunningServer.start(folder);
    server.run("machine", "start", "left");
    left = QemuIo.on(server.uri("left", "SATA", 0));
    checkSectors(left);
    left.run("read -P 7 8M 1M");
  }

  /** Writes and gives back sectors between those of the other, and leaves what it wrote. */
  private static Callable<Void> everySecondSector(QemuIo guest, int first, int value) {
    return () -> {
      for (int sector = first; sector < 512; sector += 2) {
        String there = "%d 512".formatted(sector * 512);
        guest.run(
            "write -P 9 " + there, sector % 3 == 0 ? "discard " + there : "write -z " + there);
        guest.run("read -P 0 " + there, "write -P %d %s".formatted(value, there), "flush");
      }
      return null;
    };
  }

  private static void checkSectors(QemuIo guest) throws Exception {
    for (int sector = 0; sector < 512; sector++)
      guest.run("read -P %d %d 512".formatted(sector % 2 == 0 ? 5 : 6, sector * 512));
  }
}
