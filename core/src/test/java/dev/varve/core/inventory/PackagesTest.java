package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.View.MachineView;
import dev.varve.core.journal.Steps;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackagesTest {

  @TempDir(factory = MemoryFolder.class)
  Path temp;

  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(temp, new TestImages(), waiting::add, Steps.UNHEARD);
  }

  @AfterEach
  void close() throws IOException {
    runJobs();
    bench.close();
  }

  private void runJobs() {
    for (Runnable job = waiting.poll(); job != null; job = waiting.poll()) job.run();
  }

  private Job importing(TestPackage packed, String name) {
    return bench.inventory.importMachine(packed, name, false);
  }

  private TestPackage packed(boolean compressed) {
    return new TestPackage(bench.contents, compressed);
  }

  private MachineView named(String name) {
    return bench.inventory.view().machines().values().stream()
        .filter(machine -> machine.saved().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private List<String> names() {
    return bench.inventory.view().machines().values().stream()
        .map(machine -> machine.saved().name())
        .sorted()
        .toList();
  }

  private List<String> foldersOfMachines() throws IOException {
    try (Stream<Path> all = Files.list(temp.resolve("state/machines"))) {
      return all.map(folder -> folder.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPackageBecomesAMachineWithItsDisks(boolean compressed) throws IOException {
    TestPackage packed = packed(compressed);

    Job job = importing(packed, null);
    runJobs();

    assertEquals(Job.State.DONE, job.state());
    assertEquals(List.of("open", "check", "copy one", "copy two", "close"), packed.heard);
    MachineView machine = named("box");
    Path folder = machine.saved().settingsFile().getParent();
    assertEquals(
        List.of("one.vdi", "two.vdi"),
        machine.saved().hardware().attachments().stream()
            .map(attachment -> medium(attachment.medium()).location())
            .map(location -> folder.relativize(location).toString())
            .toList());
    String settings = Files.readString(machine.saved().settingsFile());
    assertTrue(settings.contains("OSType=\"Ubuntu_64\""), settings);
    assertTrue(settings.contains("<Memory RAMSize=\"2048\"/>"), settings);
    assertTrue(settings.contains("<CPU count=\"4\">"), settings);
    bench.reopen();
    assertEquals(machine.saved(), named("box").saved());
    bench.checkFiles();
  }

  private Medium medium(MediumId id) {
    return bench.medium(id);
  }

  @Test
  void aNameThatIsTakenGetsANumberUnlessItWasChosen() {
    bench.inventory.createMachine("box");
    bench.inventory.createMachine("box 1");

    importing(packed(false), null);
    runJobs();

    assertEquals(List.of("box", "box 1", "box 2"), names());
    assertEquals(
        ErrorCode.VBOX_E_OBJECT_IN_USE, Bench.refused(() -> importing(packed(false), "box")));
    assertEquals(ErrorCode.E_INVALIDARG, Bench.refused(() -> importing(packed(false), "a/b")));
  }

  @Test
  void aNameThatIsTakenMeanwhileGetsANumberToo() throws IOException {
    importing(packed(false), null);
    importing(packed(false), null);
    bench.inventory.createMachine("box");
    runJobs();

    assertEquals(List.of("box", "box 1", "box 2"), names());
    bench.reopen();
    assertEquals(List.of("box", "box 1", "box 2"), names());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void ofAnImportThatFailsNothingIsLeft(int disks) throws IOException {
    TestPackage packed = packed(false);
    packed.fails = disks;

    Job job = importing(packed, null);
    runJobs();

    assertEquals(Job.State.FAILED, job.state());
    assertTrue(job.failure().getMessage().contains("the package is damaged"));
    assertEquals("close", packed.heard.getLast());
    assertEquals(List.of(), names());
    assertEquals(List.of(), foldersOfMachines());
    bench.checkFiles();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ofAnImportThatIsCancelledNothingIsLeft(boolean compressed) throws IOException {
    TestPackage packed = packed(compressed);
    Job job = importing(packed, null);

    job.cancel();
    runJobs();

    assertEquals(Job.State.CANCELLED, job.state());
    assertEquals("close", packed.heard.getLast());
    assertEquals(List.of(), names());
    assertEquals(List.of(), foldersOfMachines());
    bench.checkFiles();
  }

  @Test
  void anImportThatTheServersEndCancelsIsNotBegunAgain() throws IOException {
    importing(packed(false), null);
    bench.inventory.jobs().forEach(Job::cancel);
    runJobs();

    bench.reopen();

    assertEquals(List.of(), names());
    assertEquals(List.of(), foldersOfMachines());
    assertEquals(List.of(), bench.inventory.jobs());
  }

  // ---- exports

  private Path target(String name) throws IOException {
    return Files.createDirectories(temp.resolve("out")).resolve(name);
  }

  @Test
  void theCurrentStateOfAMachineIsExported() throws IOException {
    MachineId machine = bench.machine("vm", bench.disk("a"), bench.disk("b"));
    String session = bench.lock(machine);
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.unlock(session);

    Job job = bench.inventory.exportMachine(machine, null, new TestPacker(target("vm.ova"), false));
    MediumId disk = bench.attached(machine, 0);
    assertEquals(
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        Bench.refused(() -> bench.inventory.resetMedium(disk)));
    runJobs();

    assertEquals(Job.State.DONE, job.state());
    assertEquals(
        """
        vm Other, 1024 MiB, 1 processors, BIOS
        vmdisk1 8388608 2
        vmdisk2 8388608 2
        """,
        Files.readString(target("vm.ova")));
    bench.inventory.resetMedium(disk);
  }

  @Test
  void aRunningMachineIsExportedByItsSnapshotsOnly() throws IOException {
    MachineId machine = bench.machine("vm", bench.disk("a"));
    String session = bench.lock(machine);
    var snapshot = bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.unlock(session);
    bench.inventory.start(machine);
    var now = new TestPacker(target("now.ova"), false);

    assertEquals(
        ErrorCode.VBOX_E_INVALID_VM_STATE,
        Bench.refused(() -> bench.inventory.exportMachine(machine, null, now)));
    Job job =
        bench.inventory.exportMachine(machine, snapshot, new TestPacker(target("then.ova"), false));
    runJobs();

    assertEquals(Job.State.DONE, job.state());
    assertTrue(Files.readString(target("then.ova")).contains("vmdisk1 8388608 1"));
    bench.inventory.powerDown(machine);
  }

  @Test
  void aFileThatIsThereIsReplacedOnRequestOnly() throws IOException {
    MachineId machine = bench.machine("vm", bench.disk("a"));
    Path target = Files.writeString(target("vm.ova"), "before");

    assertEquals(
        ErrorCode.VBOX_E_FILE_ERROR,
        Bench.refused(
            () -> bench.inventory.exportMachine(machine, null, new TestPacker(target, false))));
    assertEquals("before", Files.readString(target));
    Path medium = bench.medium(bench.disk("c")).location();
    assertEquals(
        ErrorCode.E_INVALIDARG,
        Bench.refused(
            () -> bench.inventory.exportMachine(machine, null, new TestPacker(medium, true))));
  }

  @Test
  void ofAnExportThatIsCancelledNothingIsLeft() throws IOException {
    MachineId machine = bench.machine("vm", bench.disk("a"));
    Job job = bench.inventory.exportMachine(machine, null, new TestPacker(target("vm.ova"), false));

    job.cancel();
    runJobs();

    assertEquals(Job.State.CANCELLED, job.state());
    assertFalse(Files.exists(target("vm.ova")));
    bench.inventory.setMediumType(bench.disk("d"), MediumType.NORMAL);
    bench.inventory.start(machine);
    bench.inventory.powerDown(machine);
  }

  @Test
  void disksKeepTheFormatOnRequest() {
    bench.inventory.importMachine(packed(false), null, true);
    runJobs();

    MediumId disk = named("box").saved().hardware().attachments().getFirst().medium();
    assertEquals(ImageFormat.VMDK, medium(disk).format());
    assertEquals("one.vmdk", medium(disk).location().getFileName().toString());
  }
}
