package dev.varve.io.running;

import static dev.varve.io.running.Emulator.filled;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static dev.varve.io.running.TestMachines.hardDisk;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk comes and goes while fio writes another and checks what it wrote. */
@NeedsTools("fio")
@Timeout(300)
class FioHotPlugTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private MachineImages images;
  @AutoClose private TestMachines machines;

  @BeforeEach
  void listen() throws IOException {
    images = new MachineImages(folder);
    machines = new TestMachines();
  }

  @Test
  void trafficOfOneDiskIsNotDisturbedByPluggingAnother() throws Exception {
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, images.vdi("one", 64 * MIB, 1))));
    Disk other = hardDisk("alpha", SATA_1, images.vdi("two", 8 * MIB, 2));
    Path output = folder.resolve("fio.txt");
    Process fio =
        new ProcessBuilder(
                "fio",
                "--name=verify",
                "--ioengine=nbd",
                "--uri=" + machines.uri("alpha/SATA/0/0"),
                "--rw=randwrite",
                "--bs=4k",
                "--iodepth=16",
                "--size=32M",
                "--loops=4",
                "--verify=crc32c")
            .directory(folder.toFile()) // where it leaves its state
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      int plugged = 0;
      do {
        machines.disks.plug(ALPHA, other);
        try (var disk = machines.emulator("alpha/SATA/1/0")) {
          disk.write(0, filled(512, ++plugged));
        }
        machines.disks.unplug(ALPHA, SATA_1);
      } while (fio.isAlive() || plugged < 3);

      assertEquals(0, fio.waitFor(), Files.readString(output));
      machines.disks.plug(ALPHA, other);
      try (var disk = machines.emulator("alpha/SATA/1/0")) {
        assertArrayEquals(filled(512, plugged), disk.read(0, 512));
      }
      machines.disks.stop(ALPHA);
    } finally {
      fio.destroyForcibly();
    }
  }
}
