package dev.varve.io.running;

import static dev.varve.io.running.MachineImages.vdi;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static dev.varve.io.running.TestMachines.disc;
import static dev.varve.io.running.TestMachines.hardDisk;
import static dev.varve.io.running.TestMachines.ssd;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clients that people have see a machine's disks. */
@Timeout(300)
class StockClientsTest {

  private static final int MIB = 1 << 20;
  private static final String DISK_0 = "alpha/SATA/0/0";

  @TempDir Path folder;
  private MachineImages images;
  private TestMachines machines;

  @BeforeEach
  void listen() throws IOException {
    images = new MachineImages(folder);
    machines = new TestMachines();
  }

  @AfterEach
  void end() throws IOException {
    machines.disks.stop(ALPHA);
    machines.close();
  }

  @Test
  @NeedsTools("nbdinfo")
  void nbdinfoShowsWhatTheAttachmentsSay() throws Exception {
    Path disk = images.vdi("disk", 8 * MIB, 1);
    Path iso = images.iso("disc", 6000, 'i');
    machines.disks.start(ALPHA, List.of(ssd("alpha", SATA_0, disk), disc("alpha", SATA_1, iso)));

    String ssd = run("nbdinfo", "--json", machines.uri(DISK_0));
    String disc = run("nbdinfo", "--json", machines.uri("alpha/SATA/1/0"));

    assertContains(ssd, "\"description\": \"" + disk + "\"");
    assertContains(ssd, "\"is_rotational\": false");
    assertContains(ssd, "\"is_read_only\": false");
    assertContains(ssd, "\"can_trim\": true");
    assertContains(disc, "\"description\": \"" + iso + "\"");
    assertContains(disc, "\"export-size\": 6000");
    assertContains(disc, "\"is_rotational\": true");
    assertContains(disc, "\"is_read_only\": true");
  }

  @Test
  @NeedsTools("nbdinfo")
  void discardIsOffUnlessTheAttachmentHasIt() throws Exception {
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, images.vdi("disk", 8 * MIB, 1))));

    assertContains(run("nbdinfo", "--json", machines.uri(DISK_0)), "\"can_trim\": false");
  }

  @Test
  @NeedsTools({"nbdinfo", "qemu-img"})
  void emptyDriveIsADiskOfNoBytes() throws Exception {
    machines.disks.start(ALPHA, List.of(disc("alpha", SATA_0)));

    String info = run("nbdinfo", "--json", machines.uri(DISK_0));
    assertContains(info, "\"export-size\": 0");
    assertContains(info, "\"description\": \"empty drive\"");
    assertEquals("", run("nbdinfo", "--map", machines.uri(DISK_0)).strip());
    assertContains(run("nbdinfo", "--list", "nbd+unix:///?socket=" + machines.socket), DISK_0);
    assertContains(run("qemu-img", "info", machines.uri(DISK_0)), "virtual size: 0 B (0 bytes)");
  }

  @Test
  @NeedsTools({"qemu-img", "nbdcopy"})
  void driveComesAliveWhenADiscIsMounted() throws Exception {
    machines.disks.start(ALPHA, List.of(disc("alpha", SATA_0)));
    Path iso = images.iso("disc", 3 * MIB, 'i');

    machines.disks.change(ALPHA, disc("alpha", SATA_0, iso));

    assertContains(run("qemu-img", "info", machines.uri(DISK_0)), "3 MiB (3145728 bytes)");
    Path copy = folder.resolve("copy");
    run("nbdcopy", machines.uri(DISK_0), copy.toString());
    assertEquals(-1, Files.mismatch(iso, copy));
  }

  @Test
  @NeedsTools("qemu-io")
  void qemuIoWritesOnBothSidesOfASnapshot() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    Path top = images.child("top", 8 * MIB, 2, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));

    qemuIo("write -P 1 0 2M", "flush");
    machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> {});
    qemuIo("read -P 1 0 2M", "write -P 2 1M 64k", "read -P 2 1M 64k", "read -P 1 1088k 64k");

    machines.disks.stop(ALPHA);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    qemuIo("read -P 1 0 2M");
  }

  private void qemuIo(String... commands) throws Exception {
    var line = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
    for (String command : commands) line.addAll(List.of("-c", command));
    line.add(machines.uri(DISK_0));
    String output = run(line.toArray(String[]::new));
    assertFalse(output.contains("Pattern verification failed"), output);
  }

  private static void assertContains(String text, String expected) {
    assertTrue(text.contains(expected), () -> expected + " is not in " + text);
  }

  /** Runs a program to its end; fails with its output if it does not succeed. */
  private String run(String... command) throws Exception {
    Path output = Files.createTempFile(folder, "output", "");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      String text = Files.readString(output);
      assertTrue(ended, () -> command[0] + " hangs: " + text);
      assertEquals(0, process.exitValue(), () -> command[0] + " fails: " + text);
      return text;
    } finally {
      process.destroyForcibly();
    }
  }
}
