package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.sata;
import static dev.varve.core.medium.ErrorCode.VBOX_E_INVALID_VM_STATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines whose memory VirtualBox has saved in a file. */
class SavedStateTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId machine;

  @BeforeEach
  void machine() throws IOException {
    bench = new Bench(folder);
    machine = bench.machine("mail", bench.disk("disk"));
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  @Test
  void aMachineWithAStateFileIsSavedAndDoesNotStart() throws IOException {
    bench.saveMemory(machine, "Snapshots/memory.sav");

    assertEquals(MachineState.SAVED, state());
    ModelException refused = refusal(() -> bench.inventory.start(machine));

    assertEquals(VBOX_E_INVALID_VM_STATE, refused.code());
    assertTrue(refused.getMessage().contains("resume it in VirtualBox"), refused.getMessage());
    assertTrue(
        refused.getMessage().contains("varve machine discard-state 'mail'"), refused.getMessage());
    assertEquals(0, bench.disks.calls().size());
  }

  @Test
  void discardingTheStateDeletesItsFileAndTheMachineStarts() throws IOException {
    Path memory = bench.saveMemory(machine, "Snapshots/memory.sav");
    String session = bench.lock(machine);

    DiscardedState discarded = bench.inventory.discardState(session);

    assertEquals(new DiscardedState(memory.toString(), null), discarded);
    assertFalse(Files.exists(memory));
    assertFalse(settings().contains("stateFile"), settings());
    bench.inventory.unlock(session);
    assertEquals(MachineState.POWERED_OFF, state());
    bench.inventory.start(machine);
    bench.inventory.powerDown(machine);
    bench.reopen();
    assertEquals(MachineState.POWERED_OFF, state());
  }

  @Test
  void aStateIsDiscardedWhoseFileIsMissing() throws IOException {
    Files.delete(bench.saveMemory(machine, "Snapshots/memory.sav"));
    String session = bench.lock(machine);

    assertNull(bench.inventory.discardState(session).kept());
    assertEquals(MachineState.POWERED_OFF, state());
  }

  @Test
  void onlyASavedStateIsDiscarded() {
    String session = bench.lock(machine);

    assertEquals(
        VBOX_E_INVALID_VM_STATE, Bench.refused(() -> bench.inventory.discardState(session)));
  }

  @Test
  void aFileThatIsNoSavedMemoryIsNotDeleted() throws IOException {
    Path other = bench.saveMemory(machine, "precious.txt");
    Path linked = Files.createSymbolicLink(other.resolveSibling("link.sav"), other);
    String session = bench.lock(machine);

    assertNotNull(bench.inventory.discardState(session).kept());
    bench.inventory.unlock(session);
    bench.rewrite(machine, text -> text.replace("OSType=", "stateFile=\"link.sav\" OSType="));
    String again = bench.lock(machine);
    assertNotNull(bench.inventory.discardState(again).kept());

    assertTrue(Files.exists(other));
    assertTrue(Files.isSymbolicLink(linked));
  }

  @Test
  void theStateFileMayBeNamedFromTheRoot() throws IOException {
    Path memory = Files.writeString(folder.resolve("elsewhere.sav"), "memory");
    bench.rewrite(machine, text -> text.replace("OSType=", "stateFile=\"" + memory + "\" OSType="));
    String session = bench.lock(machine);

    bench.inventory.discardState(session);

    assertFalse(Files.exists(memory));
  }

  @Test
  void anImmutableDiskIsNotResetForASavedMachine() throws IOException {
    String editing = bench.lock(machine);
    bench.attach(editing, 1, bench.disk("pure", MediumType.IMMUTABLE, MediumVariant.STANDARD));
    bench.inventory.save(editing);
    bench.inventory.unlock(editing);
    bench.write(bench.attached(machine, 1), 0, "yesterday");
    bench.saveMemory(machine, "Snapshots/memory.sav");

    refusal(() -> bench.inventory.start(machine));

    assertEquals("yesterday", bench.read(bench.attached(machine, 1), 0));
  }

  @Test
  void aSavedMachineChangesNoDevices() throws IOException {
    bench.saveMemory(machine, "Snapshots/memory.sav");
    MediumId more = bench.disk("more");
    String session = bench.lock(machine);

    ModelException refused = refusal(() -> bench.attach(session, 1, more));

    assertEquals(VBOX_E_INVALID_VM_STATE, refused.code());
    assertTrue(refused.getMessage().contains("discard-state 'mail'"), refused.getMessage());
  }

  @Test
  void aSnapshotOfASavedMachineSharesItsStateFile() throws IOException {
    Path memory = bench.saveMemory(machine, "Snapshots/memory.sav");
    String session = bench.lock(machine);

    SnapshotId online = bench.inventory.takeSnapshot(session, "asleep", "");

    assertEquals(MachineState.SAVED, state());
    assertEquals(
        "Snapshots/memory.sav", bench.machine(machine).saved().snapshot(online).stateFile());
    DiscardedState discarded = bench.inventory.discardState(session);
    assertTrue(String.valueOf(discarded.kept()).contains("snapshot 'asleep'"), discarded::kept);
    assertTrue(Files.exists(memory));
    assertEquals(MachineState.POWERED_OFF, state());
  }

  @Test
  void restoringAnOnlineSnapshotMakesTheMachineSavedAcrossRestarts() throws IOException {
    Path memory = bench.saveMemory(machine, "Snapshots/memory.sav");
    String session = bench.lock(machine);
    SnapshotId online = bench.inventory.takeSnapshot(session, "asleep", "");
    bench.inventory.discardState(session);
    SnapshotId offline = bench.inventory.takeSnapshot(session, "off", "");

    bench.inventory.restoreSnapshot(session, online);

    assertEquals(MachineState.SAVED, state());
    assertTrue(settings().contains("stateFile=\"Snapshots/memory.sav\" "));
    bench.reopen();
    assertEquals(MachineState.SAVED, state());
    String again = bench.lock(machine);
    bench.inventory.restoreSnapshot(again, offline);
    assertEquals(MachineState.POWERED_OFF, state());
    assertTrue(Files.exists(memory));
  }

  @Test
  void restoringDeletesTheStateThatNothingNamesAnyMore() throws IOException {
    String session = bench.lock(machine);
    SnapshotId offline = bench.inventory.takeSnapshot(session, "off", "");
    Path memory = bench.saveMemory(machine, "Snapshots/memory.sav");
    String again = bench.lock(machine);

    bench.inventory.restoreSnapshot(again, offline);

    assertEquals(MachineState.POWERED_OFF, state());
    assertFalse(Files.exists(memory));
  }

  @Test
  void aRestoredMemoryIsNotThatOfAnAbortedRun() throws IOException {
    bench.saveMemory(machine, "Snapshots/memory.sav");
    String session = bench.lock(machine);
    SnapshotId online = bench.inventory.takeSnapshot(session, "asleep", "");
    bench.inventory.discardState(session);
    bench.rewrite(machine, text -> text.replace("<Machine ", "<Machine aborted=\"true\" "));
    String again = bench.lock(machine);

    bench.inventory.restoreSnapshot(again, online);

    assertFalse(settings().contains("aborted"), settings());
  }

  @Test
  void deletingAnOnlineSnapshotDeletesItsStateUnlessTheMachineNamesIt() throws IOException {
    Path memory = bench.saveMemory(machine, "Snapshots/memory.sav");
    String session = bench.lock(machine);
    SnapshotId first = bench.inventory.takeSnapshot(session, "asleep", "");
    SnapshotId second = bench.inventory.takeSnapshot(session, "still asleep", "");

    assertEquals(Job.State.DONE, bench.inventory.deleteSnapshot(session, first).state());
    assertEquals(MachineState.SAVED, state());
    bench.inventory.discardState(session);
    assertTrue(Files.exists(memory));

    assertEquals(Job.State.DONE, bench.inventory.deleteSnapshot(session, second).state());
    assertFalse(Files.exists(memory));
    assertEquals(MachineState.POWERED_OFF, state());
    assertEquals(sata(0), bench.machine(machine).working().attachments().getFirst().slot());
  }

  private MachineState state() {
    return bench.machine(machine).state();
  }

  private String settings() throws IOException {
    return Files.readString(bench.machine(machine).saved().settingsFile());
  }
}
