package dev.varve.io.running;

import static dev.varve.io.running.Emulator.filled;
import static dev.varve.io.running.MachineImages.vdi;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.RunningDisks.RunningMerge;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A machine runs on a raw file, which gets images on top and takes them back meanwhile. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class RawMachineTest {

  private static final int MIB = 1 << 20;
  private static final int SECTORS = 2 * MIB / StampingGuest.SECTOR;
  private static final String DISK_0 = "alpha/SATA/0/0";

  @TempDir Path folder;
  private final long seed = new Random().nextLong();
  private MachineImages images;
  @AutoClose private TestMachines machines;
  private Path raw;

  @BeforeEach
  void listen() throws IOException {
    images = new MachineImages(folder);
    raw = Files.write(folder.resolve("disk.img"), new byte[2 * MIB]);
    machines = new TestMachines();
  }

  @Test
  void guestOfOneConnectionNoticesNothingOfSnapshotsAndOfTheirEnd() throws Exception {
    machines.disks.start(ALPHA, List.of(TestMachines.rawDisk("alpha", SATA_0, raw)));
    var then = new AtomicReference<StampingGuest.Knowledge>();
    byte[] snapshot;
    var guest = new StampingGuest(SECTORS, seed);
    try (var disk = machines.emulator(DISK_0);
        var load = Executors.newVirtualThreadPerTaskExecutor()) {
      guest.goOnWith(disk);
      Future<Void> running = load.submit(guest::run);
      guest.awaitMore(200);

      Path first = images.child("first", 2 * MIB, 2, 1);
      Path second = images.child("second", 2 * MIB, 3, 2);
      machines.disks.push(ALPHA, Map.of(SATA_0, vdi(first)), () -> then.set(guest.knowledge()));
      guest.awaitMore(200);
      machines.disks.push(ALPHA, Map.of(SATA_0, vdi(second)), () -> {});
      guest.awaitMore(200);
      snapshot = Files.readAllBytes(raw);
      for (Path source : List.of(first, second)) {
        merge(source);
        Files.delete(source);
        guest.awaitMore(200);
      }

      guest.stop();
      running.get();
      guest.verifyAll();
    }
    machines.disks.stop(ALPHA);

    byte[] disk = Files.readAllBytes(raw);
    for (int sector = 0; sector < SECTORS; sector++) {
      String which = "sector " + sector + ", seed " + seed;
      assertTrue(then.get().allows(sector, StampingGuest.number(snapshot, sector)), which);
      long written = guest.knowledge().acknowledged()[sector];
      assertEquals(written, StampingGuest.number(disk, sector), which);
    }
  }

  private void merge(Path source) throws IOException {
    RunningMerge merge = machines.disks.merge(ALPHA, SATA_0, source, raw, Progress.NONE);
    assertNotNull(merge);
    machines.disks.finish(ALPHA, List.of(merge), () -> {});
  }

  @Test
  void decisionThatFailsLeavesThePlainFile() throws Exception {
    machines.disks.start(ALPHA, List.of(TestMachines.rawDisk("alpha", SATA_0, raw)));
    Path top = images.child("top", 2 * MIB, 2, 1);
    try (var disk = machines.emulator(DISK_0)) {
      assertThrows(
          IOException.class,
          () ->
              machines.disks.push(
                  ALPHA,
                  Map.of(SATA_0, vdi(top)),
                  () -> {
                    throw new IOException("not decided");
                  }));

      disk.write(0, filled(512, 'r'));
    }
    machines.disks.stop(ALPHA);

    assertEquals('r', Files.readAllBytes(raw)[0]);
  }

  @Test
  void driveGetsNothingOnTop() throws Exception {
    machines.disks.start(ALPHA, List.of(TestMachines.disc("alpha", SATA_0)));
    Path top = images.child("top", 2 * MIB, 2, 1);

    var refused =
        assertThrows(
            IOException.class,
            () -> machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> {}));

    assertTrue(refused.getMessage().contains("SATA"), refused.getMessage());
    machines.disks.stop(ALPHA);
  }

  @Test
  void diskThatIsOnlyReadGetsNothingOnTop() throws Exception {
    machines.disks.start(ALPHA, List.of(TestMachines.disc("alpha", SATA_0, raw)));
    Path top = images.child("top", 2 * MIB, 2, 1);
    var decided = new AtomicBoolean();

    var refused =
        assertThrows(
            IOException.class,
            () -> machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> decided.set(true)));

    assertTrue(refused.getMessage().contains("read-only"), refused.getMessage());
    assertFalse(decided.get());
    machines.disks.stop(ALPHA);
  }
}
