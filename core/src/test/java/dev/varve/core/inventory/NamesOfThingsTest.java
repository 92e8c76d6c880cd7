package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that are refused where they are given and where a settings file has them. */
class NamesOfThingsTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  private static void assertRefused(Runnable call) {
    ModelException refused = Bench.refusal(call);
    assertEquals(ErrorCode.E_INVALIDARG, refused.code());
    assertTrue(refused.getMessage().contains("cannot be named"), refused.getMessage());
    assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a\nb", "\t", "."})
  void aNameThatBreaksLinesOrPathsIsGivenToNothing(String name) {
    String session = bench.lock(bench.machine("mail"));

    assertRefused(() -> bench.inventory.createMachine(name));
    assertRefused(() -> bench.inventory.addController(session, name, StorageBus.USB, null));
    assertRefused(() -> bench.inventory.renameController(session, "SATA", name));
    if (name.equals(".")) return;
    assertRefused(() -> bench.inventory.takeSnapshot(session, name, ""));
    if (name.isEmpty()) return; // there can be no such group at all
    var group = new BandwidthGroup(name, BandwidthGroup.Kind.DISK, 0);
    assertRefused(() -> bench.inventory.createBandwidthGroup(session, group));
  }

  @ParameterizedTest
  @CsvSource({
    "name=\"mail\", name=\"a&#10;b\"",
    "name=\"mail\", name=\"..\"",
    "name=\"mail\", name=\"\"",
    "name=\"mail\", name=\"a/b\"",
    "name=\"SATA\", name=\"a&#10;b\"",
    "name=\"SATA\", name=\".\"",
  })
  void aSettingsFileWithSuchANameIsRefusedInOneLine(String before, String after)
      throws IOException {
    Path file = unregistered("mail");
    replace(file, before, after);

    ModelException refused = Bench.refusal(() -> bench.inventory.openMachine(file));

    assertTrue(refused.getMessage().contains(after + " "), refused.getMessage());
    assertTrue(refused.getMessage().contains("rename it"), refused.getMessage());
    assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
  }

  // ---- one name twice

  @Test
  void aSecondMachineOfANameIsRefusedUntilItIsRenamed() throws IOException {
    Path file = unregistered("mail");
    bench.machine("mail");

    ModelException refused = Bench.refusal(() -> bench.inventory.openMachine(file));

    assertTrue(refused.getMessage().contains("the name 'mail' is that of machine"));
    assertTrue(refused.getMessage().contains("VBoxManage modifyvm UUID --name"));
    replace(file, "name=\"mail\"", "name=\"post\"");
    bench.inventory.openMachine(file);
    assertEquals(2, bench.inventory.view().machines().size());
  }

  @Test
  void ofTwoMachinesThatHaveGotOneNameTheSecondIsBadAtTheNextStart() throws IOException {
    MachineId first = bench.machine("mail");
    MachineId second = bench.machine("post");
    Path file = bench.machine(second).saved().settingsFile();
    bench.inventory.close();
    replace(file, "name=\"post\"", "name=\"mail\"");

    bench.reopen();

    assertEquals(List.of(first), List.copyOf(bench.inventory.view().machines().keySet()));
    assertTrue(bench.inventory.view().bad().getFirst().why().contains("the name 'mail'"));
    replace(file, "name=\"mail\"", "name=\"news\"");
    bench.inventory.openMachine(file);
    assertEquals(List.of(), bench.inventory.view().bad());
  }

  private Path unregistered(String name) {
    MachineId machine = bench.machine(name);
    Path file = bench.machine(machine).saved().settingsFile();
    bench.inventory.unregister(machine, UnregisterMode.UNREGISTER_ONLY);
    return file;
  }

  private static void replace(Path file, String text, String replacement) throws IOException {
    String before = Files.readString(file);
    assertTrue(before.contains(text), before);
    Files.writeString(file, before.replace(text, replacement));
  }
}
