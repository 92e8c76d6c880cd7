package dev.varve.io.running;

import static dev.varve.io.running.Emulator.filled;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.BETA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static dev.varve.io.running.TestMachines.disc;
import static dev.varve.io.running.TestMachines.hardDisk;
import static dev.varve.io.running.TestMachines.ssd;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Machines are started, changed while clients use their disks, and stopped. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class MachineDisksTest {

  private static final int MIB = 1 << 20;
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

  // ---- starting and stopping

  @Test
  void startedMachineServesEachSlotUnderItsName() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    Path iso = images.iso("disc", 5000, 'i');

    machines.disks.start(
        ALPHA, List.of(hardDisk("alpha", SATA_0, base), disc("alpha", SATA_1, iso)));

    try (var disk = machines.emulator(DISK_0);
        var disc = machines.emulator(DISK_1)) {
      assertEquals(8 * MIB, disk.capacity());
      assertEquals(5000, disc.capacity());
      disk.write(4096, filled(4096, 'w'));
      assertArrayEquals(filled(4096, 'w'), disk.read(4096, 4096));
      assertArrayEquals(filled(5000, 'i'), disc.read(0, 5000));
      assertThrows(IOException.class, () -> disc.write(0, filled(512, 'x')));
    }
    assertEquals(
        Map.of(SATA_0, List.of(machines.uri(DISK_0)), SATA_1, List.of(machines.uri(DISK_1))),
        machines.disks.uris(ALPHA));
    machines.disks.stop(ALPHA);
  }

  @Test
  void stoppedMachineKeepsWhatWasWrittenAndIsServedNoMore() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var disk = machines.emulator(DISK_0)) {
      disk.write(3 * MIB, filled(512, 'k'));

      machines.disks.stop(ALPHA);

      assertThrows(IOException.class, () -> disk.read(0, 512));
    }
    assertThrows(IOException.class, () -> machines.emulator(DISK_0));
    assertEquals(Map.of(), machines.disks.uris(ALPHA));

    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var disk = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(512, 'k'), disk.read(3 * MIB, 512));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void machineWithOneBadDiskDoesNotStartAndHoldsNothing() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    var bad = hardDisk("alpha", SATA_1, folder.resolve("missing.vdi"));

    assertThrows(
        IOException.class,
        () -> machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base), bad)));

    assertThrows(IOException.class, () -> machines.emulator(DISK_0));
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    machines.disks.stop(ALPHA);
  }

  @Test
  void nameThatIsTakenStopsTheStartAndHurtsNobody() throws Exception {
    Path mine = images.vdi("mine", 8 * MIB, 1);
    Path theirs = images.vdi("theirs", 8 * MIB, 2);
    machines.disks.start(BETA, List.of(hardDisk("alpha", SATA_1, theirs)));

    var failure =
        assertThrows(
            IOException.class,
            () ->
                machines.disks.start(
                    ALPHA,
                    List.of(
                        hardDisk("alpha", SATA_0, mine),
                        hardDisk("alpha", SATA_1, images.vdi("third", 8 * MIB, 3)))));

    assertEquals(
        "the disk name 'alpha/SATA/1/0' is taken: a machine of the same name runs with a disk in that slot; power it down first",
        failure.getMessage());
    assertThrows(IOException.class, () -> machines.emulator(DISK_0));
    try (var disk = machines.emulator(DISK_1)) {
      disk.write(0, filled(512, 't'));
    }
    machines.disks.stop(BETA);
  }

  @Test
  void clientThatNeverReadsIsCutWhenTheMachineStops() throws Exception {
    Path base = images.vdi("base", 64 * MIB, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var writer = machines.emulator(DISK_0)) {
      writer.write(0, filled(8 * MIB, 'd'));
    }
    try (var lazy = machines.emulator(DISK_0)) {
      lazy.askAndNeverRead(16, 8 * MIB);

      machines.disks.stop(ALPHA);
    }
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    machines.disks.stop(ALPHA);
  }

  // ---- plugging and changing

  @Test
  void pluggedDiskIsServedAndUnpluggedOneIsNot() throws Exception {
    machines.disks.start(ALPHA, List.of());
    Path base = images.vdi("base", 8 * MIB, 1);

    machines.disks.plug(ALPHA, hardDisk("alpha", SATA_0, base));
    try (var disk = machines.emulator(DISK_0)) {
      disk.write(0, filled(512, 'p'));

      machines.disks.unplug(ALPHA, SATA_0);

      assertThrows(IOException.class, () -> disk.read(0, 512));
    }
    machines.disks.plug(ALPHA, hardDisk("alpha", SATA_1, base));
    try (var disk = machines.emulator(DISK_1)) {
      assertArrayEquals(filled(512, 'p'), disk.read(0, 512));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void unpluggingOneDiskUnderLoadLeavesTheOtherUndisturbed() throws Exception {
    machines.disks.start(
        ALPHA,
        List.of(
            hardDisk("alpha", SATA_0, images.vdi("one", 8 * MIB, 1)),
            hardDisk("alpha", SATA_1, images.vdi("two", 8 * MIB, 2))));
    try (var leaving = machines.emulator(DISK_0);
        var staying = machines.emulator(DISK_1);
        var load = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> left = load.submit(() -> writeUntilItFails(leaving));
      Future<Integer> stays = load.submit(() -> writeAndVerify(staying, 2000));
      leaving.awaitWrites(20);

      machines.disks.unplug(ALPHA, SATA_0);

      assertTrue(left.get() >= 20);
      assertEquals(2000, stays.get());
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void anotherDiscHasItsOwnSizeAndTheOldHandleFails() throws Exception {
    Path small = images.iso("small", 6000, 's');
    Path large = images.iso("large", 90_000, 'l');
    machines.disks.start(ALPHA, List.of(disc("alpha", SATA_0, small)));
    try (var old = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(512, 's'), old.read(0, 512));

      machines.disks.change(ALPHA, disc("alpha", SATA_0, large));

      assertThrows(IOException.class, () -> old.read(0, 512));
    }
    try (var fresh = machines.emulator(DISK_0)) {
      assertEquals(90_000, fresh.capacity());
      assertArrayEquals(filled(512, 'l'), fresh.read(80_000, 512));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void emptyDriveHasNoBytesUntilADiscIsInIt() throws Exception {
    machines.disks.start(ALPHA, List.of(disc("alpha", SATA_0)));
    try (var empty = machines.emulator(DISK_0)) {
      assertEquals(0, empty.capacity());
      assertThrows(IOException.class, () -> empty.read(0, 512));
    }

    machines.disks.change(ALPHA, disc("alpha", SATA_0, images.iso("disc", 6000, 'd')));
    try (var full = machines.emulator(DISK_0)) {
      assertEquals(6000, full.capacity());
    }
    machines.disks.change(ALPHA, disc("alpha", SATA_0));
    try (var empty = machines.emulator(DISK_0)) {
      assertEquals(0, empty.capacity());
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void mediumThatCannotBeOpenedLeavesTheOldOneServed() throws Exception {
    Path disc = images.iso("disc", 6000, 'd');
    machines.disks.start(ALPHA, List.of(disc("alpha", SATA_0, disc)));
    try (var client = machines.emulator(DISK_0)) {

      assertThrows(
          IOException.class,
          () -> machines.disks.change(ALPHA, disc("alpha", SATA_0, folder.resolve("missing.iso"))));

      assertArrayEquals(filled(512, 'd'), client.read(0, 512));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void chainThatNeedsTheOldImageReadOnlyReplacesItOrBringsItBack() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    Path child = images.child("child", 8 * MIB, 2, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var disk = machines.emulator(DISK_0)) {
      disk.write(0, filled(512, 'b'));
    }

    var broken = hardDisk("alpha", SATA_0, base, images.child("stranger", 8 * MIB, 9, 8));
    assertThrows(IOException.class, () -> machines.disks.change(ALPHA, broken));
    try (var disk = machines.emulator(DISK_0)) {
      disk.write(512, filled(512, 'c'));
    }

    machines.disks.change(ALPHA, hardDisk("alpha", SATA_0, base, child));
    try (var disk = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(512, 'b'), disk.read(0, 512));
      assertArrayEquals(filled(512, 'c'), disk.read(512, 512));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void flagsThatChangeSendClientsAwayAndKeepTheDiskOpen() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var told = machines.emulator(DISK_0)) {
      told.write(0, filled(512, 'f'));

      machines.disks.change(ALPHA, ssd("alpha", SATA_0, base));

      assertThrows(IOException.class, () -> told.read(0, 512));
    }
    try (var client = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(512, 'f'), client.read(0, 512));
    }
    machines.disks.stop(ALPHA);
  }

  // ---- disks that several machines use

  @Test
  void twoMachinesOnAShareableDiskSeeEachOthersWrites() throws Exception {
    Path shared = images.vdi("shared", 8 * MIB, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, shared)));
    machines.disks.start(BETA, List.of(hardDisk("beta", SATA_0, shared)));
    try (var alpha = machines.emulator(DISK_0);
        var beta = machines.emulator("beta/SATA/0/0")) {
      alpha.write(0, filled(4096, 'a'));
      beta.write(4096, filled(4096, 'b'));

      assertArrayEquals(filled(4096, 'a'), beta.read(0, 4096));
      assertArrayEquals(filled(4096, 'b'), alpha.read(4096, 4096));

      machines.disks.stop(ALPHA);

      beta.write(8192, filled(4096, 'c'));
      assertArrayEquals(filled(4096, 'a'), beta.read(0, 4096));
    }
    machines.disks.stop(BETA);

    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, shared)));
    try (var alpha = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(4096, 'c'), alpha.read(8192, 4096));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void twoClientsOfAShareableDiskSeeEachOthersZeroesAndDiscards() throws Exception {
    Path shared = images.vdi("shared", 8 * MIB, 1);
    machines.disks.start(ALPHA, List.of(ssd("alpha", SATA_0, shared)));
    machines.disks.start(BETA, List.of(ssd("beta", SATA_0, shared)));
    try (var alpha = machines.emulator(DISK_0);
        var beta = machines.emulator("beta/SATA/0/0")) {
      for (int round = 1; round <= 20; round++) {
        alpha.write(0, filled(4 * MIB, round));
        alpha.flush();
        assertArrayEquals(filled(4 * MIB, round), beta.read(0, 4 * MIB));

        beta.discard(0, MIB);
        beta.writeZeroes(MIB, MIB + 512);
        beta.write(3 * MIB, filled(512, 'b'));
        beta.flush();
        assertArrayEquals(new byte[2 * MIB + 512], alpha.read(0, 2 * MIB + 512));
        assertArrayEquals(filled(512, round), alpha.read(2 * MIB + 512, 512));
        assertArrayEquals(filled(512, 'b'), alpha.read(3 * MIB, 512));
      }
    }
    machines.disks.stop(ALPHA);
    machines.disks.stop(BETA);
  }

  @Test
  void tenMachinesMapTheirCommonBaseOnceAndTheLastOneStillReadsIt() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    try (var disk = machines.emulator(DISK_0)) {
      disk.write(0, filled(8 * MIB, 'c'));
    }
    machines.disks.stop(ALPHA);

    for (int i = 0; i < 10; i++) {
      Path own = images.child("own" + i, 8 * MIB, 10 + i, 1);
      machines.disks.start(machine(i), List.of(hardDisk("m" + i, SATA_0, base, own)));
    }

    assertEquals(1, mappings(base));
    for (int i = 0; i < 9; i++) machines.disks.stop(machine(i));
    assertEquals(1, mappings(base));
    try (var disk = machines.emulator("m9/SATA/0/0")) {
      assertArrayEquals(filled(8 * MIB, 'c'), disk.read(0, 8 * MIB));
    }
    machines.disks.stop(machine(9));
    assertEquals(0, mappings(base));
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base)));
    machines.disks.stop(ALPHA);
  }

  private static MachineId machine(int number) {
    return new MachineId(new UUID(7, number));
  }

  /** How often this process has a file in its address space. */
  private static long mappings(Path file) throws IOException {
    try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.endsWith(file.toString())).count();
    }
  }

  @Test
  void linkedClonesShareABaseAndNothingElse() throws Exception {
    Path base = images.vdi("base", 8 * MIB, 1);
    Path one = images.child("one", 8 * MIB, 2, 1);
    Path two = images.child("two", 8 * MIB, 3, 1);
    machines.disks.start(ALPHA, List.of(hardDisk("alpha", SATA_0, base, one)));
    machines.disks.start(BETA, List.of(hardDisk("beta", SATA_0, base, two)));
    try (var alpha = machines.emulator(DISK_0);
        var beta = machines.emulator("beta/SATA/0/0")) {
      alpha.write(0, filled(4096, 'a'));

      assertArrayEquals(new byte[4096], beta.read(0, 4096));
    }
    machines.disks.stop(ALPHA);
    machines.disks.stop(BETA);
  }

  @Test
  void oneDiscServesManyDrives() throws Exception {
    Path iso = images.iso("disc", 6000, 'd');
    machines.disks.start(ALPHA, List.of(disc("alpha", SATA_0, iso), disc("alpha", SATA_1, iso)));
    machines.disks.unplug(ALPHA, SATA_0);

    try (var drive = machines.emulator(DISK_1)) {
      assertArrayEquals(filled(6000, 'd'), drive.read(0, 6000));
    }
    machines.disks.stop(ALPHA);
  }

  // ---- the guests

  /** Writes and reads back, at a new place and another value each time. */
  private static int writeAndVerify(Emulator disk, int times) throws IOException {
    for (int i = 0; i < times; i++) {
      byte[] data = filled(4096, i);
      long offset = i % 1000 * 4096L;
      disk.write(offset, data);
      assertArrayEquals(data, disk.read(offset, 4096));
    }
    return times;
  }

  private static int writeUntilItFails(Emulator disk) {
    for (int i = 0; ; i++) {
      try {
        disk.write(i % 1000 * 4096L, filled(4096, i));
      } catch (IOException e) {
        return i;
      }
    }
  }
}
