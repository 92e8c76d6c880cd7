package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.refusal;
import static dev.varve.core.inventory.Bench.sata;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.inventory.Warnings.Kind;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that cannot be deleted or written, or are links, and what the inventory makes of them. */
class StuckFilesTest {

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final TestImages images = new TestImages();
  private @Nullable String fault;
  private Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder, images, Runnable::run, this::before);
  }

  private void before(String step) throws IOException {
    if (fault != null && step.contains(fault)) throw new IOException("Input/output error");
  }

  @AfterEach
  void close() throws IOException {
    fault = null;
    bench.close();
  }

  private List<String> warnings(Kind kind) {
    return bench.inventory.warnings().all().stream()
        .filter(warning -> warning.kind() == kind)
        .map(Warnings.Warning::subject)
        .toList();
  }

  // ---- deleting

  @Test
  void aFileThatIsNotDeletedAfterAllIsToldAndStandsInTheWayOfNothing() throws IOException {
    MediumId disk = bench.disk("disk");
    Path file = bench.at("disk.vdi");
    fault = "delete " + file;

    List<String> told = bench.inventory.deleteStorage(disk);

    assertEquals(1, told.size());
    assertTrue(told.getFirst().contains(file + "' is not needed any more"), told::toString);
    assertTrue(Files.exists(file));
    assertEquals(List.of(file.toString()), warnings(Kind.STUCK_STEP));
    MachineId machine = bench.machine("mail");
    bench.inventory.close();
    bench.inventory =
        new Bench(folder, images, Runnable::run, this::before).inventory; // the next run
    assertEquals("mail", bench.machine(machine).saved().name());
    assertEquals(List.of(file.toString()), warnings(Kind.STUCK_STEP));

    fault = null;
    bench.inventory.tend();

    assertFalse(Files.exists(file));
    assertEquals(List.of(), warnings(Kind.STUCK_STEP));
  }

  @Test
  void anImageThatWaitsToBeDeletedIsNotWhenItIsOpenedAgain() {
    MediumId disk = bench.disk("disk");
    fault = "delete ";
    bench.inventory.deleteStorage(disk);

    bench.inventory.openMedium(bench.at("disk.vdi"), DeviceType.HARD_DISK);
    fault = null;
    bench.inventory.tend();

    assertEquals(List.of(), warnings(Kind.STUCK_STEP));
    assertTrue(Files.exists(bench.at("disk.vdi")));
  }

  @Test
  void whatAttachingMadeAndCannotBeDeletedIsDeletedLater() throws IOException {
    MachineId machine = bench.machine("mail");
    String session = bench.lock(machine);
    bench.attach(session, 0, bench.disk("base"));
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.attach(session, 1, bench.inventory.view().media().keySet().iterator().next());
    Path made = bench.chain(bench.attached(machine, 1)).getLast();
    assertTrue(Files.exists(made));
    fault = "delete " + made;

    bench.inventory.discard(session);

    assertEquals(List.of(made.toString()), warnings(Kind.STUCK_STEP));
    fault = null;
    bench.inventory.tend();
    assertFalse(Files.exists(made));
    assertEquals(List.of(), warnings(Kind.STUCK_STEP));
  }

  @Test
  void whatAnotherProgramWroteWhileOursWaitedIsToldWhenItIsFound() throws IOException {
    MachineId machine = bench.machine("mail");
    Path file = bench.machine(machine).saved().settingsFile();
    String session = bench.lock(machine);
    bench.inventory.renameController(session, "IDE", "PATA");
    fault = "replace " + file;
    bench.inventory.save(session);
    assertEquals(List.of(file.toString()), warnings(Kind.STUCK_STEP));
    Files.writeString(file, Files.readString(file).replace("mail", "post"));
    fault = null;

    bench.inventory.tend();

    Path kept = file.resolveSibling("mail.vbox.varve-kept");
    assertEquals(List.of(), warnings(Kind.STUCK_STEP));
    assertEquals(List.of(kept.toString()), warnings(Kind.CHANGED_OUTSIDE));
    assertTrue(Files.readString(kept).contains("PATA"));
    assertTrue(Files.readString(file).contains("post"));
  }

  // ---- links

  @Test
  void openingALinkRegistersTheImageAndFindsItByBothNames() throws IOException {
    MediumId disk = bench.disk("disk");
    bench.inventory.closeMedium(disk);
    Path link = Files.createSymbolicLink(bench.at("link.vdi"), bench.at("disk.vdi"));

    assertEquals(disk, bench.inventory.openMedium(link, DeviceType.HARD_DISK));

    assertEquals(bench.at("disk.vdi").toRealPath(), bench.medium(disk).location());
    assertEquals(disk, bench.inventory.openMedium(link, DeviceType.HARD_DISK));
    assertEquals(disk, bench.inventory.openMedium(bench.at("disk.vdi"), DeviceType.HARD_DISK));
    assertEquals(List.of(), bench.inventory.deleteStorage(disk));
    assertFalse(Files.exists(bench.at("disk.vdi")));
    assertTrue(Files.isSymbolicLink(link));
  }

  @Test
  void anImageThatIsRegisteredByALinkIsFoundByItsOwnName() throws IOException {
    MediumId disk = bench.disk("disk");
    Path real = folder.resolve("real.vdi");
    Files.move(bench.at("disk.vdi"), real);
    Files.createSymbolicLink(bench.at("disk.vdi"), real);

    assertEquals(disk, bench.inventory.openMedium(real, DeviceType.HARD_DISK));

    assertEquals(1, bench.inventory.view().media().size());
  }

  @Test
  void aCopyOfARegisteredImageIsRefusedAlsoThroughALink() throws IOException {
    bench.disk("disk");
    Path copy = Files.copy(bench.at("disk.vdi"), folder.resolve("copy.vdi"));
    Path link = Files.createSymbolicLink(bench.at("link.vdi"), copy);

    ModelException refused = refusal(() -> bench.inventory.openMedium(link, DeviceType.HARD_DISK));

    assertTrue(refused.getMessage().contains("has already"), refused.getMessage());
  }

  @Test
  void aLinkThatLeadsNowhereIsCalledSo() throws IOException {
    Path link = Files.createDirectories(folder.resolve("disks")).resolve("link.vdi");
    Files.createSymbolicLink(link, folder.resolve("gone.vdi"));

    ModelException refused = refusal(() -> bench.inventory.openMedium(link, DeviceType.HARD_DISK));

    assertTrue(refused.getMessage().contains("symbolic link to"), refused.getMessage());
    ModelException taken =
        refusal(
            () ->
                bench.inventory.createMedium(
                    link,
                    ImageFormat.VDI,
                    MediumVariant.STANDARD,
                    Bench.CAPACITY,
                    dev.varve.core.medium.MediumType.NORMAL));
    assertEquals(ErrorCode.VBOX_E_FILE_ERROR, taken.code());
  }

  @Test
  void aMediumThatBecameALinkIsNotDeletedAndNothingElseIsInTheWay() throws IOException {
    MediumId disk = bench.disk("disk");
    Path real = folder.resolve("real.vdi");
    Files.move(bench.at("disk.vdi"), real);
    Files.createSymbolicLink(bench.at("disk.vdi"), real);

    ModelException refused = refusal(() -> bench.inventory.deleteStorage(disk));

    assertEquals(ErrorCode.VBOX_E_FILE_ERROR, refused.code());
    assertTrue(Files.isSymbolicLink(bench.at("disk.vdi")));
    assertTrue(Files.exists(real));
    assertTrue(bench.inventory.view().media().containsKey(disk));
    bench.machine("mail");
    assertEquals(List.of(), warnings(Kind.STUCK_STEP));
    bench.inventory.closeMedium(disk);
  }

  @Test
  void aSnapshotWhoseImageIsALinkIsNotDeletedByHalf() throws IOException {
    MachineId machine = bench.machine("mail");
    String session = bench.lock(machine);
    bench.attach(session, 0, bench.disk("base"));
    bench.inventory.save(session);
    var first = bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.takeSnapshot(session, "S2", "");
    Path middle = bench.chain(bench.attached(machine, 0)).get(1);
    Path real = folder.resolve("real.vdi");
    Files.move(middle, real);
    Files.createSymbolicLink(middle, real);
    String before = bench.everything();

    ModelException refused = refusal(() -> bench.inventory.deleteSnapshot(session, first));

    assertTrue(refused.getMessage().contains("is a link"), refused.getMessage());
    assertEquals(before, bench.everything());
    assertEquals(List.of(), bench.inventory.jobs());
  }

  @Test
  void aMachineOpenedThroughALinkIsTheOneOfTheFile() throws IOException {
    MachineId machine = bench.machine("mail");
    Path file = bench.machine(machine).saved().settingsFile();
    bench.inventory.unregister(machine, UnregisterMode.UNREGISTER_ONLY);
    Path link = Files.createSymbolicLink(folder.resolve("link.vbox"), file);

    assertEquals(machine, bench.inventory.openMachine(link));

    assertEquals(file.toRealPath(), bench.machine(machine).saved().settingsFile());
    assertEquals(machine, bench.inventory.openMachine(link));
    Path dangling = Files.createSymbolicLink(folder.resolve("d.vbox"), folder.resolve("gone"));
    ModelException refused = refusal(() -> bench.inventory.openMachine(dangling));
    assertTrue(refused.getMessage().contains("symbolic link to"), refused.getMessage());
  }

  @Test
  void aSnapshotFolderThatIsALinkIsUsedAndOneThatLeadsNowhereIsNamed() throws IOException {
    MachineId machine = bench.machine("mail");
    String session = bench.lock(machine);
    bench.attach(session, 0, bench.disk("base"));
    bench.inventory.save(session);
    Path snapshots = bench.machine(machine).saved().snapshotPath();
    Path real = folder.resolve("real");
    Files.createSymbolicLink(snapshots, real);

    ModelException refused = refusal(() -> bench.inventory.takeSnapshot(session, "S1", ""));
    assertTrue(
        refused.getMessage().contains(snapshots + ": it is a symbolic link to"),
        refused.getMessage());

    Files.createDirectory(real);
    var first = bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.deleteSnapshot(session, first);
    try (var files = Files.list(real)) {
      assertEquals(0, files.count());
    }
  }

  // ---- the state folder

  @Test
  void aFullStateFolderIsAWarningUntilItCanBeWrittenAgain() {
    fault = "/journal/";

    ModelException refused = refusal(() -> bench.disk("disk"));

    assertTrue(refused.getMessage().contains("Input/output error"), refused.getMessage());
    assertEquals(List.of(folder.resolve("state").toString()), warnings(Kind.STATE_FOLDER));
    fault = null;
    bench.inventory.tend();
    assertEquals(List.of(), warnings(Kind.STATE_FOLDER));
    bench.disk("disk");
  }
}
