package dev.varve.io.running;

import static dev.varve.io.running.Emulator.filled;
import static dev.varve.io.running.MachineImages.contents;
import static dev.varve.io.running.MachineImages.vdi;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.BETA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static dev.varve.io.running.TestMachines.hardDisk;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.UndecidedException;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
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

/** Disks get new tops while guests write to them. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class LiveSnapshotTest {

  private static final int MIB = 1 << 20;
  private static final int SECTORS = 2 * MIB / StampingGuest.SECTOR;
  private static final String DISK_0 = "alpha/SATA/0/0";
  private static final String DISK_1 = "alpha/SATA/1/0";

  @TempDir Path folder;
  private MachineImages images;
  @AutoClose private TestMachines machines;

  @BeforeEach
  void listen() throws IOException {
    images = new MachineImages(folder);
    machines = new TestMachines();
  }

  @Test
  void snapshotHoldsWhatWasAcknowledgedAndTheGuestGoesOn() throws Exception {
    long seed = new Random().nextLong();
    Path base = images.vdi("base", 2 * MIB, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    var then = new AtomicReference<StampingGuest.Knowledge>();
    Path first = images.child("first", 2 * MIB, 2, 1);
    Path second = images.child("second", 2 * MIB, 3, 2);
    try (var disk = machines.emulator(DISK_0);
        var load = Executors.newVirtualThreadPerTaskExecutor()) {
      var guest = new StampingGuest(SECTORS, seed).goOnWith(disk);
      Future<Void> running = load.submit(guest::run);
      guest.awaitMore(200);

      machines.disks.push(ALPHA, Map.of(SATA_0, vdi(first)), () -> then.set(guest.knowledge()));
      guest.awaitMore(200);
      machines.disks.push(ALPHA, Map.of(SATA_0, vdi(second)), () -> {});
      guest.awaitMore(200);

      guest.stop();
      running.get();
      guest.verifyAll();
    }
    machines.disks.stop(ALPHA);

    byte[] snapshot = contents(machines.threads, base);
    for (int sector = 0; sector < SECTORS; sector++) {
      long found = StampingGuest.number(snapshot, sector);
      assertTrue(then.get().allows(sector, found), "sector " + sector + ", seed " + seed);
    }
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base, first, second)));
    machines.disks.stop(ALPHA);
  }

  @Test
  void disksOfAMachineAreCutAtTheSameMoment() throws Exception {
    Path base0 = images.vdi("base0", 2 * MIB, 1);
    Path base1 = images.vdi("base1", 2 * MIB, 2);
    machines.disks.start(
        ALPHA, List.of(hardDisk("alpha", SATA_0, base0), hardDisk("alpha", SATA_1, base1)));
    try (var log = machines.emulator(DISK_0);
        var data = machines.emulator(DISK_1);
        ExecutorService load = Executors.newVirtualThreadPerTaskExecutor()) {
      var stop = new AtomicBoolean();
      Future<Integer> running =
          load.submit(
              () -> {
                int i = 0;
                while (!stop.get()) {
                  log.write(0, filled(512, ++i));
                  data.write(0, filled(512, i));
                }
                return i;
              });
      data.awaitWrites(100);

      machines.disks.push(
          ALPHA,
          Map.of(
              SATA_0, vdi(images.child("top0", 2 * MIB, 3, 1)),
              SATA_1, vdi(images.child("top1", 2 * MIB, 4, 2))),
          () -> {});

      data.awaitWrites(200);
      stop.set(true);
      assertTrue(running.get() >= 200);
    }
    machines.disks.stop(ALPHA);

    byte logged = contents(machines.threads, base0)[0];
    byte done = contents(machines.threads, base1)[0];
    assertTrue(
        logged == done || logged == (byte) (done + 1), "logged " + logged + ", done " + done);
  }

  @Test
  void decisionThatFailsLeavesTheChainAsItWas() throws Exception {
    Path base = images.vdi("base", 2 * MIB, 1);
    Path top = images.child("top", 2 * MIB, 2, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var disk = machines.emulator(DISK_0)) {
      for (RuntimeException failure :
          List.of(new ModelException(ErrorCode.E_FAIL, "no"), new IllegalStateException("bug"))) {
        var thrown =
            assertThrows(
                RuntimeException.class,
                () ->
                    machines.disks.push(
                        ALPHA,
                        Map.of(SATA_0, vdi(top)),
                        () -> {
                          throw failure;
                        }));
        assertEquals(failure, thrown);
      }

      disk.write(0, filled(512, 'b'));
    }
    machines.disks.stop(ALPHA);

    assertEquals('b', contents(machines.threads, base)[0]);
  }

  @Test
  void diskThatMayHaveANewTopOrNotIsNotWrittenAnyMore() throws Exception {
    Path base = images.vdi("base", 2 * MIB, 1);
    Path top = images.child("top", 2 * MIB, 2, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var disk = machines.emulator(DISK_0);
        var load = Executors.newVirtualThreadPerTaskExecutor()) {
      disk.write(0, filled(512, 'b'));
      var waiting = new AtomicReference<Future<?>>();

      assertThrows(
          UndecidedException.class,
          () ->
              machines.disks.push(
                  ALPHA,
                  Map.of(SATA_0, vdi(top)),
                  () -> {
                    waiting.set(load.submit(() -> disk.writeOrEnd(0, filled(512, 'w'))));
                    throw new UndecidedException(new IOException("I/O error"));
                  }));

      waiting.get().get();
      assertThrows(IOException.class, () -> disk.write(0, filled(512, 'x')));
      assertThrows(IOException.class, () -> machines.emulator(DISK_0));
    }
    machines.disks.stop(ALPHA);

    assertEquals('b', contents(machines.threads, base)[0]);
  }

  @Test
  void imageThatIsNoChildOfTheTopIsRefusedBeforeTheDecision() throws Exception {
    Path base = images.vdi("base", 2 * MIB, 1);
    Path stranger = images.child("stranger", 2 * MIB, 3, 2);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    var decided = new AtomicBoolean();

    for (Path top : List.of(stranger, folder.resolve("missing.vdi"))) {
      assertThrows(
          IOException.class,
          () -> machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> decided.set(true)));
    }

    assertFalse(decided.get());
    try (var disk = machines.emulator(DISK_0)) {
      disk.write(0, filled(512, 'b'));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void diskThatCannotGoOnAsDecidedEndsWithErrorsAndNotOnTheOldTop() throws Exception {
    Path base0 = images.vdi("base0", 2 * MIB, 1);
    Path base1 = images.vdi("base1", 2 * MIB, 2);
    Path top0 = images.child("top0", 2 * MIB, 3, 1);
    Path top1 = images.child("top1", 2 * MIB, 4, 2);
    machines.disks.start(
        ALPHA, List.of(hardDisk("alpha", SATA_0, base0), hardDisk("alpha", SATA_1, base1)));
    try (var broken = machines.emulator(DISK_0);
        var sound = machines.emulator(DISK_1);
        var load = Executors.newVirtualThreadPerTaskExecutor()) {
      broken.write(0, filled(512, 'b'));
      sound.write(0, filled(512, 's'));
      var waiting = new AtomicReference<Future<?>>();

      machines.disks.push(
          ALPHA,
          Map.of(SATA_0, vdi(top0), SATA_1, vdi(top1)),
          () -> {
            waiting.set(load.submit(() -> broken.writeOrEnd(0, filled(512, 'x'))));
            Files.delete(top0);
          });

      waiting.get().get();
      assertThrows(IOException.class, () -> broken.write(0, filled(512, 'y')));
      sound.write(0, filled(512, 't'));
      assertThrows(IOException.class, () -> machines.emulator(DISK_0));
      assertEquals(List.of(), machines.disks.uris(ALPHA).get(SATA_0));
    }
    images.child("top0", 2 * MIB, 3, 1);
    machines.disks.change(ALPHA, hardDisk("alpha", SATA_0, base0, top0));
    try (var disk = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(512, 'b'), disk.read(0, 512));
    }
    machines.disks.stop(ALPHA);

    assertEquals('b', contents(machines.threads, base0)[0]);
    assertEquals('s', contents(machines.threads, base1)[0]);
    assertEquals('t', contents(machines.threads, base1, top1)[0]);
  }

  @Test
  void diskThatTwoMachinesUseGetsNoNewTop() throws Exception {
    Path shared = images.vdi("shared", 2 * MIB, 1);
    Path top = images.child("top", 2 * MIB, 2, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, shared)));
    machines.disks.start(BETA, List.of(hardDisk("beta", SATA_0, shared)));

    assertThrows(
        IOException.class, () -> machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> {}));

    machines.disks.stop(BETA);
    machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> {});
    machines.disks.stop(ALPHA);
  }

  @Test
  void changedFlagsAfterASnapshotKeepTheNewTop() throws Exception {
    Path base = images.vdi("base", 2 * MIB, 1);
    Path top = images.child("top", 2 * MIB, 2, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    machines.disks.push(ALPHA, Map.of(SATA_0, vdi(top)), () -> {});

    machines.disks.change(ALPHA, TestMachines.ssd("alpha", SATA_0, base, top));

    try (var disk = machines.emulator(DISK_0)) {
      disk.write(0, filled(512, 't'));
    }
    machines.disks.stop(ALPHA);
    assertArrayEquals(new byte[512], Arrays.copyOf(contents(machines.threads, base), 512));
  }
}
