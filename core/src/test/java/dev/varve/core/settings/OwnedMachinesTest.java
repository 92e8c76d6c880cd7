package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine belongs to one server at a time. */
final class OwnedMachinesTest {

  @TempDir Path folder;
  private Path machine;
  private Path lock;
  @AutoClose private OwnedMachines one;
  @AutoClose private OwnedMachines other;

  @BeforeEach
  void twoServers() throws IOException {
    machine = Files.createFile(folder.resolve("mail.vbox"));
    lock = folder.resolve("mail.vbox.varve-lock");
    one = new OwnedMachines(Path.of("/state/one"));
    other = new OwnedMachines(Path.of("/state/other"));
  }

  @Test
  void theSecondServerIsToldWhichHasTheMachine() throws IOException {
    one.own(machine);

    String why = assertThrows(SettingsException.class, () -> other.own(machine)).getMessage();

    assertTrue(why.contains("process " + ProcessHandle.current().pid()), why);
    assertTrue(why.contains("state folder /state/one"), why);
  }

  @Test
  void aMachineThatIsUnregisteredIsFreeAndNothingIsLeftBesideIt() throws IOException {
    one.own(machine);

    one.retain(Set.of());

    assertFalse(Files.exists(lock));
    other.own(machine);
  }

  @Test
  void machinesThatStayListedStayOwned() throws IOException {
    one.own(machine);

    one.retain(List.of(machine));

    assertThrows(SettingsException.class, () -> other.own(machine));
  }

  @Test
  void whatAKilledServerLeftKeepsNoneOut() throws IOException {
    Files.writeString(lock, "1 /state/killed\n");

    one.own(machine);

    assertEquals(ProcessHandle.current().pid() + " /state/one\n", Files.readString(lock));
  }

  @Test
  void aMachineInAFolderThatIsGoneNeedsNoLock() throws IOException {
    one.own(folder.resolve("gone").resolve("mail.vbox"));
  }

  @Test
  @Timeout(10)
  void whereNoFileCanBeMadeTheMachineIsUsedWithoutALock() throws IOException {
    one.own(Path.of("/proc/self/environ"));
    other.own(Path.of("/proc/self/environ"));
  }

  @Test
  @Timeout(10)
  void aLinkWithTheNameOfTheLockIsLeftAloneAndSoIsWhatItNames() throws IOException {
    Path precious = Files.writeString(folder.resolve("precious"), "not for Varve");
    Files.createSymbolicLink(lock, precious);

    assertRefused();

    assertEquals("not for Varve", Files.readString(precious));
    Files.delete(precious);
    assertRefused();
    assertFalse(Files.exists(precious));
  }

  @Test
  void anotherNameOfAFileIsNoLock() throws IOException {
    Path precious = Files.writeString(folder.resolve("precious"), "not for Varve");
    Files.createLink(lock, precious);

    assertRefused();

    assertEquals("not for Varve", Files.readString(precious));
  }

  @Test
  @Timeout(10)
  void aPipeWithTheNameOfTheLockHoldsNothingUp() throws Exception {
    assertEquals(0, new ProcessBuilder("mkfifo", lock.toString()).start().waitFor());

    assertRefused();
  }

  private void assertRefused() {
    String why = assertThrows(SettingsException.class, () -> one.own(machine)).getMessage();
    assertTrue(why.contains("mail.vbox.varve-lock' has the name of a lock"), why);
    assertTrue(why.contains("move it away"), why);
  }
}
