package dev.varve.io.running;

import static dev.varve.io.running.Emulator.filled;
import static dev.varve.io.running.SteppedClock.SECOND;
import static dev.varve.io.running.TestMachines.ALPHA;
import static dev.varve.io.running.TestMachines.BETA;
import static dev.varve.io.running.TestMachines.SATA_0;
import static dev.varve.io.running.TestMachines.SATA_1;
import static dev.varve.io.running.TestMachines.hardDisk;
import static dev.varve.io.running.TestMachines.in;
import static dev.varve.io.running.TestMachines.ssd;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.varve.core.inventory.RunningDisks.Disk;
import dev.varve.core.inventory.ServedDisks.GroupTraffic;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.Slot;
import dev.varve.core.testing.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Groups of running machines, on a clock that is stepped and with clients that really wait. */
@Timeout(value = 300, threadMode = ThreadMode.SEPARATE_THREAD)
class MachineLimitsTest {

  private static final int MIB = 1 << 20;
  private static final String DISK_0 = "alpha/SATA/0/0";
  private static final String DISK_1 = "alpha/SATA/1/0";

  /** A mebibyte at once, and then as much in a second. */
  private static final BandwidthGroup SLOW = group("slow", MIB);

  @TempDir Path folder;
  private final SteppedClock clock = new SteppedClock();
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();
  private MachineImages images;
  private TestMachines machines;

  @BeforeEach
  void listen() throws IOException {
    images = new MachineImages(folder);
    machines = new TestMachines(clock);
  }

  @AfterEach
  void end() throws IOException {
    machines.close();
    clients.close();
  }

  @Test
  void limitHoldsForAllDisksOfAGroupTogetherAndForNoOther() throws Exception {
    Disk free = hardDisk("alpha", new Slot("SATA", 2, 0), vdi(3));
    machines.disks.start(ALPHA, List.of(in(SLOW, disk0()), in(SLOW, disk1()), free));
    try (var one = machines.emulator(DISK_0);
        var two = machines.emulator(DISK_1);
        var other = machines.emulator("alpha/SATA/2/0")) {
      one.read(0, MIB);

      Future<byte[]> waiting = clients.submit(() -> two.read(0, 4096));
      clock.awaitWaiting();
      other.read(0, 8 * MIB);
      assertFalse(waiting.isDone());

      clock.pass(SECOND / 256);
      assertArrayEquals(new byte[4096], waiting.get());
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void trafficIsShownOfTheGroupAndOfEachDisk() throws Exception {
    machines.disks.start(ALPHA, List.of(in(SLOW, disk0()), in(SLOW, disk1())));
    try (var one = machines.emulator(DISK_0);
        var two = machines.emulator(DISK_1)) {
      one.read(0, MIB);
      Future<byte[]> waiting = clients.submit(() -> two.read(0, 4096));
      clock.awaitWaiting();
      clock.pass(SECOND / 512);

      GroupTraffic slow = machines.disks.traffic(ALPHA).get("slow");
      assertEquals(Set.of(SATA_0, SATA_1), slow.members().keySet());
      assertEquals(MIB, slow.all().bytesPerSecond());
      assertEquals(MIB, slow.members().get(SATA_0).bytesRead());
      assertEquals(1, slow.members().get(SATA_1).waitingRequests());
      assertEquals(4096, slow.members().get(SATA_1).waitingBytes());
      assertEquals(SECOND / 512, slow.all().throttledNanos());
      assertEquals(0, slow.members().get(SATA_0).throttledNanos());

      clock.pass(SECOND);
      waiting.get();
    }
    machines.disks.stop(ALPHA);
    assertEquals(Map.of(), machines.disks.traffic(ALPHA));
  }

  @Test
  void newLimitFreesWhatWaitsAndItsClientStays() throws Exception {
    machines.disks.start(ALPHA, List.of(in(SLOW, disk0()), in(SLOW, disk1())));
    try (var one = machines.emulator(DISK_0);
        var two = machines.emulator(DISK_1)) {
      one.read(0, MIB);
      Future<byte[]> waiting = clients.submit(() -> two.read(0, MIB));
      clock.awaitWaiting();

      machines.disks.change(ALPHA, in(group("slow", 0), disk0()));

      waiting.get();
      two.read(0, 4 * MIB);

      machines.disks.change(ALPHA, in(SLOW, disk0()));
      waiting = clients.submit(() -> one.read(0, 4096));
      clock.awaitWaiting();
      clock.pass(SECOND);
      waiting.get();
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void diskMovesToAnotherGroupWithWhatWaitsOfIt() throws Exception {
    machines.disks.start(ALPHA, List.of(in(SLOW, disk0())));
    try (var disk = machines.emulator(DISK_0)) {
      disk.read(0, MIB);
      Future<byte[]> waiting = clients.submit(() -> disk.read(0, 4096));
      clock.awaitWaiting();

      machines.disks.change(ALPHA, in(group("fast", 8 * MIB), disk0()));

      waiting.get();
      disk.read(0, 4 * MIB);
      assertEquals(Set.of(), machines.disks.traffic(ALPHA).get("slow").members().keySet());

      machines.disks.change(ALPHA, disk0());
      disk.read(0, 8 * MIB);
      clock.pass(SECOND / 256);

      machines.disks.change(ALPHA, in(SLOW, disk0()));
      waiting = clients.submit(() -> disk.read(0, 8192));
      clock.awaitWaiting(); // coming back is no new burst
      clock.pass(SECOND);
      waiting.get();
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void slotsThatShowOneDeviceAreLimitedEachForItself() throws Exception {
    Path shared = vdi(1);
    machines.disks.start(ALPHA, List.of(in(SLOW, hardDisk("alpha", SATA_0, shared))));
    machines.disks.start(BETA, List.of(hardDisk("beta", SATA_0, shared)));
    try (var alpha = machines.emulator(DISK_0);
        var beta = machines.emulator("beta/SATA/0/0")) {
      alpha.read(0, MIB);
      Future<?> waiting = clients.submit(() -> alpha.writeOrEnd(0, filled(4096, 'a')));
      clock.awaitWaiting();
      beta.write(4096, filled(4096, 'b'));

      machines.disks.stop(ALPHA);

      waiting.get();
      assertArrayEquals(filled(4096, 'a'), beta.read(0, 4096));
      beta.write(8192, filled(4096, 'c'));
    }
    machines.disks.stop(BETA);
  }

  @Test
  void stoppingTheMachineAnswersWhatWaits() throws Exception {
    machines.disks.start(ALPHA, List.of(in(SLOW, disk0())));
    try (var disk = machines.emulator(DISK_0)) {
      disk.read(0, MIB);
      Future<?> waiting =
          clients.submit(
              () -> {
                disk.write(4096, filled(4096, 'w'));
                return null;
              });
      clock.awaitWaiting();

      machines.disks.stop(ALPHA);

      waiting.get();
    }
    machines.disks.start(ALPHA, List.of(disk0()));
    try (var disk = machines.emulator(DISK_0)) {
      assertArrayEquals(filled(4096, 'w'), disk.read(4096, 4096));
    }
    machines.disks.stop(ALPHA);
  }

  @Test
  void diskThatIsPublishedAgainIsStillInItsGroup() throws Exception {
    machines.disks.start(ALPHA, List.of(in(SLOW, disk0())));
    try (var told = machines.emulator(DISK_0)) {
      told.read(0, MIB);

      machines.disks.change(ALPHA, in(SLOW, ssd("alpha", SATA_0, folder.resolve("1.vdi"))));

      assertThrows(IOException.class, () -> told.read(0, 512));
    }
    try (var disk = machines.emulator(DISK_0)) {
      Future<byte[]> waiting = clients.submit(() -> disk.read(0, 4096));
      clock.awaitWaiting();
      clock.pass(SECOND);
      waiting.get();
    }
    machines.disks.stop(ALPHA);
  }

  private static BandwidthGroup group(String name, long bytesPerSecond) {
    return new BandwidthGroup(name, BandwidthGroup.Kind.DISK, Limits.bytes(bytesPerSecond, SECOND));
  }

  private Disk disk0() throws IOException {
    return hardDisk("alpha", SATA_0, vdi(1));
  }

  private Disk disk1() throws IOException {
    return hardDisk("alpha", SATA_1, vdi(2));
  }

  /** Made once. */
  private Path vdi(int id) throws IOException {
    Path image = folder.resolve(id + ".vdi");
    return Files.exists(image) ? image : images.vdi("" + id, 8 * MIB, id);
  }
}
