package dev.varve.io.running;

import static dev.varve.io.running.MachineImages.contents;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.hardDisk;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.inventory.RunningDisks.RunningMerge;
import dev.varve.core.medium.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Images are merged while a guest writes to the disk and verifies it. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class MergeWhileRunningTest {

  private static final int MIB = 1 << 20;
  private static final int SECTORS = 2 * MIB / StampingGuest.SECTOR;
  private static final String DISK_0 = "alpha/SATA/0/0";

  @TempDir Path folder;
  private final long seed = new Random().nextLong();
  @AutoClose private TestMachines machines;
  private Path base;
  private Path middle;
  private Path top;

  @BeforeEach
  void listen() throws IOException {
    var images = new MachineImages(folder);
    base = images.vdi("base", 2 * MIB, 1);
    middle = images.child("middle", 2 * MIB, 2, 1);
    top = images.child("top", 2 * MIB, 3, 2);
    machines = new TestMachines();
  }

  @Test
  void mergedImageIsGoneAndTheGuestHasNoticedNothing() throws Exception {
    StampingGuest guest = guestOnThreeImages();
    try (var disk = machines.emulator(DISK_0);
        var load = Executors.newVirtualThreadPerTaskExecutor()) {
      guest.goOnWith(disk);
      Future<Void> running = load.submit(guest::run);
      guest.awaitMore(100);

      RunningMerge merge = machines.disks.merge(ALPHA, SATA_0, middle, base, Progress.NONE);
      assertNotNull(merge);
      machines.disks.finish(ALPHA, List.of(merge), () -> {});
      Files.delete(middle);

      guest.awaitMore(100);
      guest.stop();
      running.get();
      guest.verifyAll();
    }
    machines.disks.stop(ALPHA);

    assertShows(guest, base, top);
  }

  @Test
  void decisionThatFailsLeavesAllImagesInTheChain() throws Exception {
    StampingGuest guest = guestOnThreeImages();
    try (var disk = machines.emulator(DISK_0)) {
      guest.goOnWith(disk);
      RunningMerge merge = machines.disks.merge(ALPHA, SATA_0, middle, base, Progress.NONE);
      assertNotNull(merge);

      assertThrows(
          IOException.class,
          () ->
              machines.disks.finish(
                  ALPHA,
                  List.of(merge),
                  () -> {
                    throw new IOException("not decided");
                  }));
      merge.abandon();

      guest.step();
      guest.verifyAll();
    }
    machines.disks.stop(ALPHA);

    assertShows(guest, base, middle, top);
  }

  @Test
  void cancelledMergeDoesNoHarm() throws Exception {
    StampingGuest guest = guestOnThreeImages();

    assertNull(machines.disks.merge(ALPHA, SATA_0, middle, base, (_, _) -> false));

    machines.disks.stop(ALPHA);
    assertShows(guest, base, middle, top);
  }

  @Test
  void mergeOfADiskThatWasUnpluggedMeanwhileIsNotFinished() throws Exception {
    guestOnThreeImages();
    RunningMerge merge = machines.disks.merge(ALPHA, SATA_0, middle, base, Progress.NONE);
    assertNotNull(merge);

    machines.disks.unplug(ALPHA, SATA_0);
    machines.disks.plug(ALPHA, hardDisk("alpha", SATA_0, base, middle, top));

    assertThrows(IOException.class, () -> machines.disks.finish(ALPHA, List.of(merge), () -> {}));
    merge.abandon();
    machines.disks.stop(ALPHA);
  }

  /** Each of the images holds what was written while it was on top; the machine runs on all. */
  private StampingGuest guestOnThreeImages() throws Exception {
    var guest = new StampingGuest(SECTORS, seed);
    for (List<Path> chain : List.of(List.of(base), List.of(base, middle))) {
      machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, chain.toArray(Path[]::new))));
      try (var disk = machines.emulator(DISK_0)) {
        guest.goOnWith(disk);
        for (int i = 0; i < 100; i++) guest.step();
      }
      machines.disks.stop(ALPHA);
    }
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base, middle, top)));
    return guest;
  }

  private void assertShows(StampingGuest guest, Path... chain) throws Exception {
    byte[] bytes = contents(machines.threads, chain);
    for (int sector = 0; sector < SECTORS; sector++) {
      int n = sector;
      assertEquals(
          guest.knowledge().acknowledged()[sector],
          StampingGuest.number(bytes, sector),
          () -> "sector " + n + ", seed " + seed);
    }
  }
}
