package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.refused;
import static dev.varve.core.inventory.Bench.sata;
import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_NOT_SUPPORTED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.Warnings.Warning;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a running machine serves and locks follows from the model. */
class RunningMachinesTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId machine;
  private MediumId base;

  @BeforeEach
  void aMachineWithASnapshot() throws IOException {
    bench = new Bench(folder);
    base = bench.disk("base");
    machine = bench.machine("mail");
    String session = bench.lock(machine);
    bench.attach(session, 0, base);
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.unlock(session);
  }

  private String join() {
    return bench.inventory.lock(machine, LockType.SHARED).id();
  }

  private MediumState state(MediumId medium) {
    return bench.inventory.view().media().get(medium).state();
  }

  @Test
  void chainsAreServedBaseFirstAndLockedUntilPowerDown() {
    MediumId top = bench.attached(machine, 0);

    bench.inventory.start(machine);

    assertEquals(bench.chain(top), bench.disks.of(machine).get(sata(0)).chain());
    assertEquals(MediumState.LOCKED_READ, state(base));
    assertEquals(MediumState.LOCKED_WRITE, state(top));

    bench.inventory.powerDown(machine);

    assertEquals(MediumState.CREATED, state(base));
    assertEquals(MediumState.CREATED, state(top));
    assertEquals(MachineState.POWERED_OFF, bench.machine(machine).state());
  }

  @Test
  void aDiskThatTakesNoMoreWritesIsAWarningUntilItIsClosed() {
    bench.inventory.start(machine);
    bench.disks.broken.put("mail/SATA/0/0", "/d/disk.vdi was cut. Restore it");

    bench.inventory.tend();

    Warning told = bench.inventory.warnings().all().getFirst();
    assertEquals(Warnings.Kind.BROKEN_DISK, told.kind());
    assertEquals("mail/SATA/0/0", told.subject());
    assertEquals("disk 'mail/SATA/0/0' is broken: /d/disk.vdi was cut. Restore it", told.text());

    bench.inventory.powerDown(machine);
    bench.disks.broken.clear();
    bench.inventory.look();

    assertEquals(List.of(), bench.inventory.warnings().all());
  }

  @Test
  void whoHoldsALockedDiskIsNamed() {
    MediumId shared = bench.disk("shared");
    MachineId other = bench.machine("web");
    for (MachineId user : List.of(machine, other)) {
      String session = bench.lock(user);
      bench.attach(session, 1, shared);
      bench.inventory.save(session);
      bench.inventory.unlock(session);
    }
    bench.inventory.start(machine);

    ModelException refusal = refusal(() -> bench.inventory.start(other));

    assertEquals(VBOX_E_INVALID_OBJECT_STATE, refusal.code());
    assertTrue(refusal.getMessage().contains("running machine 'mail'"), refusal.getMessage());
    assertEquals(MachineState.POWERED_OFF, bench.machine(other).state());
  }

  @Test
  void aDiskIsPluggedAndUnpluggedWhileTheMachineRuns() {
    bench.inventory.start(machine);
    String session = join();
    MediumId more = bench.disk("more");

    bench.attach(session, 1, more);

    assertTrue(bench.disks.of(machine).containsKey(sata(1)));
    assertEquals(MediumState.LOCKED_WRITE, state(more));

    bench.inventory.detach(session, sata(1));

    assertFalse(bench.disks.of(machine).containsKey(sata(1)));
    assertEquals(MediumState.CREATED, state(more));
  }

  @Test
  void discardingUnplugsWhatWasPlugged() {
    MediumId top = bench.attached(machine, 0);
    bench.inventory.start(machine);
    String session = join();
    bench.attach(session, 1, base);
    MediumId implicit = bench.attached(machine, 1);
    assertEquals(base, bench.medium(implicit).parent());

    bench.inventory.discard(session);

    assertEquals(List.of(sata(0)), List.copyOf(bench.disks.of(machine).keySet()));
    assertFalse(bench.inventory.view().media().containsKey(implicit));
    assertEquals(MediumState.LOCKED_WRITE, state(top));
  }

  @Test
  void onlyControllersAndDevicesThatCanArePlugged() {
    bench.inventory.start(machine);
    String session = join();
    MediumId more = bench.disk("more");

    assertEquals(
        VBOX_E_INVALID_VM_STATE,
        refused(
            () ->
                bench.inventory.attach(
                    session, new Slot("IDE", 0, 0), DeviceType.HARD_DISK, more)));
    assertEquals(VBOX_E_NOT_SUPPORTED, refused(() -> bench.inventory.detach(session, sata(0))));
    assertEquals(
        VBOX_E_INVALID_OBJECT_STATE, refused(() -> bench.inventory.lock(machine, LockType.WRITE)));
  }

  @Test
  void aLiveSnapshotPutsANewImageOnTop() {
    bench.inventory.start(machine);
    String session = join();
    MediumId before = bench.attached(machine, 0);

    bench.inventory.takeSnapshot(session, "S2", "");

    MediumId top = bench.attached(machine, 0);
    assertEquals(before, bench.medium(top).parent());
    assertTrue(bench.disks.calls().contains("push [SATA:0]"), bench.disks.calls().toString());
    assertEquals(MediumState.LOCKED_READ, state(before));
    assertEquals(MediumState.LOCKED_WRITE, state(top));
  }

  @Test
  void aSnapshotIsDeletedWhileTheGuestGoesOn() {
    bench.inventory.start(machine);
    String session = join();
    MediumId top = bench.attached(machine, 0);

    Job job =
        bench.inventory.deleteSnapshot(
            session, bench.machine(machine).saved().snapshots().getFirst().id());

    assertEquals(Job.State.DONE, job.state());
    assertTrue(
        bench.disks.calls().containsAll(List.of("merge SATA:0", "finish 1")),
        bench.disks.calls().toString());
    assertEquals(base, bench.attached(machine, 0));
    assertFalse(bench.inventory.view().media().containsKey(top));
    assertEquals(MediumState.LOCKED_WRITE, state(base));
    assertEquals(MachineState.RUNNING, bench.machine(machine).state());
  }

  @Test
  void aNewLimitReachesTheRunningDisk() {
    String editing = bench.lock(machine);
    bench.inventory.createBandwidthGroup(
        editing, new BandwidthGroup("G", BandwidthGroup.Kind.DISK, 1000));
    bench.inventory.setBandwidthGroup(editing, sata(0), "G");
    bench.inventory.save(editing);
    bench.inventory.unlock(editing);
    bench.inventory.start(machine);
    String session = join();

    bench.inventory.setBandwidthLimits(
        session, new BandwidthGroup("G", BandwidthGroup.Kind.DISK, 5000));

    assertEquals(5000, bench.disks.of(machine).get(sata(0)).group().maxBytesPerSecond());
    assertEquals("change SATA:0", bench.disks.calls().getLast());
  }

  @Test
  void aRunningDiskStaysInItsGroup() {
    String editing = bench.lock(machine);
    bench.inventory.createBandwidthGroup(
        editing, new BandwidthGroup("G", BandwidthGroup.Kind.DISK, 1000));
    bench.inventory.save(editing);
    bench.inventory.unlock(editing);
    bench.inventory.start(machine);
    String session = join();

    assertEquals(
        VBOX_E_INVALID_VM_STATE,
        refused(() -> bench.inventory.setBandwidthGroup(session, sata(0), "G")));
    assertNull(bench.disks.of(machine).get(sata(0)).group());
  }

  @Test
  void anotherImageInThePlaceOfADiskIsNotServedNorDeleted() throws IOException {
    MediumId disk = bench.disk("disk");
    Path file = bench.medium(disk).location();
    String session = bench.lock(machine);
    bench.attach(session, 1, disk);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    Path own = Files.move(file, file.resolveSibling("own"));
    Files.copy(bench.medium(bench.disk("other")).location(), file);

    assertEquals(E_FAIL, refused(() -> bench.inventory.start(machine)));
    String editing = bench.lock(machine);
    bench.inventory.detach(editing, sata(1));
    bench.inventory.save(editing);
    assertEquals(E_FAIL, refused(() -> bench.inventory.deleteStorage(disk)));
    assertTrue(Files.exists(file));

    Files.move(own, file, StandardCopyOption.REPLACE_EXISTING);
    bench.inventory.deleteStorage(disk);
    assertFalse(Files.exists(file));
  }

  @Test
  void anImmutableDiskStartsEmptyEveryTime() throws IOException {
    MediumId immutable = bench.disk("immutable", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    String session = bench.lock(machine);
    bench.attach(session, 1, immutable);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    bench.write(bench.attached(machine, 1), 0, "yesterday");

    bench.inventory.start(machine);

    assertEquals("", bench.read(bench.attached(machine, 1), 0));
  }

  @Test
  void aMachineWhoseWritesAreLostKeepsNoOtherFromStoppingAtTheEnd() throws IOException {
    var lossy = new Bench(folder.resolve("lossy"));
    for (String name : List.of("one", "two")) {
      MachineId id = lossy.machine(name);
      String held = lossy.lock(id);
      lossy.attach(held, 0, lossy.disk(name));
      lossy.inventory.save(held);
      lossy.inventory.unlock(held);
      lossy.inventory.start(id);
    }
    lossy.disks.losesWrites = true;

    ModelException told = Bench.refusal(() -> closeUnchecked(lossy));

    assertTrue(told.getMessage().contains("lost"), told.getMessage());
    assertEquals(1, told.getSuppressed().length);
    assertEquals(List.of("start", "start", "stop", "stop"), lossy.disks.calls());
    lossy.disks.losesWrites = false;
    lossy.reopen(); // the folder is not in use any more
  }

  private static void closeUnchecked(Bench bench) {
    try {
      bench.inventory.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
