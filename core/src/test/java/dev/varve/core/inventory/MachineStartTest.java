package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.sata;
import static dev.varve.core.medium.ErrorCode.E_FAIL;
import static dev.varve.core.medium.ErrorCode.E_INVALIDARG;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_OBJECT_STATE;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starting machines of which not everything can be served. */
class MachineStartTest {

  private static final Slot DRIVE = new Slot("IDE", 1, 0);
  private static final StartOptions READ_ONLY = new StartOptions(true, Set.of(), false);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId machine;
  private MediumId first;
  private MediumId second;
  private MediumId disc;

  /** Two disks on SATA, and a disc in a drive. */
  @BeforeEach
  void machine() throws IOException {
    bench = new Bench(folder);
    first = bench.disk("first");
    second = bench.disk("second");
    disc = bench.dvd("disc");
    machine = bench.machine("mail", first, second);
    String session = bench.lock(machine);
    bench.inventory.attach(session, DRIVE, DeviceType.DVD, disc);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  // ---- drives

  @Test
  void aDriveWhoseImageIsMissingStartsEmptyWithAWarning() throws IOException {
    Files.delete(bench.medium(disc).location());
    bench.reopen();

    Started started = bench.inventory.start(machine);

    assertEquals(1, started.warnings().size());
    String warning = started.warnings().getFirst();
    assertTrue(warning.startsWith("the drive at IDE:1 of machine 'mail' is empty: "), warning);
    assertTrue(warning.contains("Put the file there"), warning);
    assertEquals(List.of(), bench.disks.of(machine).get(DRIVE).chain());
    assertEquals(1, bench.disks.of(machine).get(sata(0)).chain().size());
    assertEquals(MediumState.INACCESSIBLE, state(disc));
  }

  @Test
  void aDriveWhoseDiscCannotBeOpenedStartsEmpty() {
    bench.disks.unopenable.put(DRIVE, "it is scratched");

    Started started = bench.inventory.start(machine);

    assertEquals(
        List.of("the drive at IDE:1 of machine 'mail' is empty: it is scratched"),
        started.warnings());
    assertEquals(List.of("start", "start"), bench.disks.calls());
    assertEquals(MediumState.CREATED, state(disc));
  }

  @Test
  void aDriveWhoseDiscIsHeldStartsEmptyAndTheHolderIsNamed() {
    String lock = bench.inventory.lockMedium(disc, true, Hold.Holder.THIS_PROGRAM);

    Started started = bench.inventory.start(machine);

    assertTrue(started.warnings().getFirst().contains(lock), started.warnings().getFirst());
    assertEquals(MediumState.LOCKED_WRITE, state(disc));
    bench.inventory.abandonLock(lock);
  }

  @Test
  void aDriveThatStartedEmptyShowsWhatIsMountedAgain() {
    bench.disks.unopenable.put(DRIVE, "it is scratched");
    bench.inventory.start(machine);
    bench.disks.unopenable.clear();
    String session = join();

    bench.inventory.mount(session, DRIVE, null);
    bench.inventory.mount(session, DRIVE, disc);

    assertEquals(1, bench.disks.of(machine).get(DRIVE).chain().size());
    assertEquals(MediumState.LOCKED_READ, state(disc));
  }

  @Test
  void anUnreadableImageIsNotMountedWhileTheMachineRuns() throws IOException {
    MediumId other = bench.dvd("other");
    Files.delete(bench.medium(other).location());
    bench.inventory.refreshState(other);
    bench.inventory.start(machine);
    String session = join();

    ModelException refused = refusal(() -> bench.inventory.mount(session, DRIVE, other));

    assertEquals(E_FAIL, refused.code());
    assertEquals(1, bench.disks.of(machine).get(DRIVE).chain().size());
  }

  // ---- hard disks

  @Test
  void everyDiskThatCannotBeServedIsNamedAtOnceWithItsOwnWayOut() throws IOException {
    Path file = bench.medium(first).location();
    Files.delete(file);
    Path another = bench.medium(second).location();
    Files.write(another, new byte[3]);
    bench.reopen();

    ModelException refused = refusal(() -> bench.inventory.start(machine));

    String message = refused.getMessage();
    for (String part :
        List.of(
            "machine 'mail' cannot start. SATA:0: '%s' cannot be opened: there is no such file"
                .formatted(file),
            ". Put the file there, or detach the medium. SATA:1: '%s' cannot be opened: "
                .formatted(another),
            "is no disk image. If the machine does not need it, detach it. Its other disks are served with"
                + " --without 'SATA:0' --without 'SATA:1'"))
      assertTrue(message.contains(part), message);
    assertEquals(E_FAIL, refused.code());
    assertEquals(MachineState.POWERED_OFF, bench.machine(machine).state());
  }

  @Test
  void aDiskThatIsLockedAndOneThatCannotBeOpenedAreNamedInTurn() {
    String lock = bench.inventory.lockMedium(first, true, Hold.Holder.THIS_PROGRAM);
    ModelException held = refusal(() -> bench.inventory.start(machine));
    assertEquals(VBOX_E_INVALID_OBJECT_STATE, held.code());
    assertTrue(held.getMessage().contains(lock), held.getMessage());
    bench.inventory.abandonLock(lock);
    bench.disks.unopenable.put(sata(1), "its header is torn");

    ModelException torn = refusal(() -> bench.inventory.start(machine));

    assertTrue(torn.getMessage().contains("SATA:1: its header is torn."), torn.getMessage());
    assertEquals(MediumState.CREATED, state(first));
  }

  @Test
  void theRestIsServedWithoutADiskThatCannotBe() throws IOException {
    Files.delete(bench.medium(second).location());
    bench.reopen();

    bench.inventory.start(machine, without(1));

    assertEquals(Set.of(sata(0), DRIVE), bench.disks.of(machine).keySet());
    assertEquals(MediumState.LOCKED_WRITE, state(first));
    assertFalse(state(second) == MediumState.LOCKED_WRITE);
    assertEquals(Set.of(sata(1)), bench.machine(machine).run().without());
    bench.inventory.powerDown(machine);
    assertEquals(null, bench.machine(machine).run());
  }

  @Test
  void onlyWhatIsThereIsLeftOut() {
    assertEquals(E_INVALIDARG, Bench.refused(() -> bench.inventory.start(machine, without(7))));
  }

  @Test
  void anImmutableDiskThatIsLeftOutIsNotReset() throws IOException {
    String session = bench.lock(machine);
    bench.attach(session, 2, bench.disk("pure", MediumType.IMMUTABLE, MediumVariant.STANDARD));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    bench.write(bench.attached(machine, 2), 0, "yesterday");

    bench.inventory.start(machine, without(2));

    assertEquals("yesterday", bench.read(bench.attached(machine, 2), 0));
  }

  @Test
  void nothingIsResetWhenTheStartIsRefused() throws IOException {
    String session = bench.lock(machine);
    bench.attach(session, 2, bench.disk("pure", MediumType.IMMUTABLE, MediumVariant.STANDARD));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    bench.write(bench.attached(machine, 2), 0, "yesterday");
    Files.delete(bench.medium(second).location());
    bench.inventory.refreshState(second);

    refusal(() -> bench.inventory.start(machine));

    assertEquals("yesterday", bench.read(bench.attached(machine, 2), 0));
  }

  @Test
  void aSnapshotGivesADiskThatIsLeftOutItsNewImageToo() throws IOException {
    bench.inventory.start(machine, without(1));
    String session = join();

    bench.inventory.takeSnapshot(session, "S1", "");

    assertTrue(bench.disks.calls().contains("push [SATA:0]"), bench.disks.calls().toString());
    MediumId top = bench.attached(machine, 1);
    assertEquals(second, bench.medium(top).parent());
    assertTrue(Files.exists(bench.medium(top).location()));
    assertEquals(Set.of(sata(0), DRIVE), bench.disks.of(machine).keySet());
    assertEquals(MediumState.CREATED, state(top));
  }

  @Test
  void aSnapshotIsRefusedThatADiskThatIsLeftOutCannotHave() throws IOException {
    Files.delete(bench.medium(second).location());
    bench.reopen();
    bench.inventory.start(machine, without(1));
    String session = join();

    ModelException refused = refusal(() -> bench.inventory.takeSnapshot(session, "S1", ""));

    assertTrue(refused.getMessage().contains("which runs without SATA:1"), refused.getMessage());
    assertEquals(List.of(), bench.machine(machine).saved().snapshots());
  }

  @Test
  void deletingASnapshotMergesADiskThatIsLeftOutAsIfTheMachineWereOff() throws IOException {
    String editing = bench.lock(machine);
    bench.inventory.takeSnapshot(editing, "S1", "");
    bench.inventory.unlock(editing);
    bench.write(bench.attached(machine, 1), 0, "new");
    bench.inventory.start(machine, without(1));
    String session = join();

    Job job =
        bench.inventory.deleteSnapshot(
            session, bench.machine(machine).saved().snapshots().getFirst().id());

    assertEquals(Job.State.DONE, job.state());
    assertTrue(bench.disks.calls().contains("merge SATA:0"), bench.disks.calls().toString());
    assertFalse(bench.disks.calls().contains("merge SATA:1"), bench.disks.calls().toString());
    assertEquals(second, bench.attached(machine, 1));
    assertEquals("new", bench.read(second, 0));
    assertEquals(Set.of(sata(1)), bench.machine(machine).run().without());
  }

  @Test
  void aDiskThatIsAttachedAgainIsLeftOutNoMore() {
    String editing = bench.lock(machine);
    bench.inventory.setHotPluggable(editing, sata(1), true);
    bench.inventory.save(editing);
    bench.inventory.unlock(editing);
    bench.inventory.start(machine, without(1));
    String session = join();

    bench.inventory.detach(session, sata(1));
    bench.attach(session, 1, second);

    assertTrue(bench.disks.of(machine).containsKey(sata(1)));
    assertEquals(MediumState.LOCKED_WRITE, state(second));
  }

  @Test
  void takingBackADetachedDiskThatHasGoneSinceKeepsNoMachineFromGoingOn() {
    String editing = bench.lock(machine);
    bench.inventory.setHotPluggable(editing, sata(1), true);
    bench.inventory.save(editing);
    bench.inventory.unlock(editing);
    bench.inventory.start(machine);
    String session = join();
    bench.inventory.detach(session, sata(1));
    bench.disks.unopenable.put(sata(1), "it has gone");

    bench.inventory.discard(session);

    assertEquals(second, bench.attached(machine, 1));
    assertEquals(Set.of(sata(0), DRIVE), bench.disks.of(machine).keySet());
    assertEquals(MediumState.CREATED, state(second));
    assertEquals(Set.of(sata(1)), bench.machine(machine).run().without());
  }

  // ---- read-only

  @Test
  void aMachineThatVirtualBoxMayHaveInItsMemoryIsNotStarted() {
    bench.disks.virtualBox = "process 7 (VBoxSVC)";

    ModelException refused = refusal(() -> bench.inventory.start(machine));

    assertTrue(refused.getMessage().contains("process 7 (VBoxSVC)"), refused.getMessage());
    assertTrue(refused.getMessage().contains("--force"), refused.getMessage());
  }

  @Test
  void aMachineThatVirtualBoxMayHaveInItsMemoryStartsByForce() {
    bench.disks.virtualBox = "process 7 (VBoxSVC)";

    bench.inventory.start(machine, new StartOptions(false, Set.of(), true));

    assertTrue(bench.disks.calls().contains("forced"));
  }

  @Test
  void aSavedMachineIsServedReadOnlyAndStaysSaved() throws IOException {
    bench.saveMemory(machine, "memory.sav");

    bench.inventory.start(machine, READ_ONLY);

    for (RunningDisks.Disk disk : bench.disks.of(machine).values()) assertTrue(disk.readOnly());
    assertEquals(MachineState.RUNNING, bench.machine(machine).state());
    assertEquals(MediumState.LOCKED_READ, state(first));
    bench.inventory.powerDown(machine);
    assertEquals(MachineState.SAVED, bench.machine(machine).state());
  }

  @Test
  void aMachineThatRunsReadOnlyResetsAndChangesNothing() throws IOException {
    String editing = bench.lock(machine);
    bench.attach(editing, 2, bench.disk("pure", MediumType.IMMUTABLE, MediumVariant.STANDARD));
    bench.inventory.save(editing);
    bench.inventory.takeSnapshot(editing, "S1", "");
    bench.inventory.unlock(editing);
    bench.write(bench.attached(machine, 2), 0, "yesterday");
    MediumId more = bench.disk("more");

    bench.inventory.start(machine, READ_ONLY);

    assertEquals("yesterday", bench.read(bench.attached(machine, 2), 0));
    String session = join();
    for (Runnable change :
        List.<Runnable>of(
            () -> bench.attach(session, 3, more),
            () -> bench.inventory.mount(session, DRIVE, null),
            () -> bench.inventory.guestEject(machine, DRIVE),
            () -> bench.inventory.takeSnapshot(session, "S2", ""),
            () ->
                bench.inventory.deleteSnapshot(
                    session, bench.machine(machine).saved().snapshots().getFirst().id()))) {
      ModelException refused = refusal(change);
      assertEquals(VBOX_E_INVALID_VM_STATE, refused.code());
      assertTrue(refused.getMessage().contains("runs read-only"), refused.getMessage());
    }
  }

  @Test
  void twoMachinesReadOneDiskAtATime() {
    MachineId other = bench.machine("web", first);

    bench.inventory.start(machine, READ_ONLY);
    bench.inventory.start(other, READ_ONLY);

    assertEquals(MediumState.LOCKED_READ, state(first));
  }

  private StartOptions without(int port) {
    return new StartOptions(false, Set.of(sata(port)), false);
  }

  private String join() {
    return bench.inventory.lock(machine, LockType.SHARED).id();
  }

  private MediumState state(MediumId id) {
    return bench.inventory.view().media().get(id).state();
  }
}
