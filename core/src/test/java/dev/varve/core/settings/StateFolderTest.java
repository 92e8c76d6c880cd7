package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.FileStep;
import dev.varve.core.machine.Hardware;
import dev.varve.core.machine.Machine;
import dev.varve.core.machine.MachineId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.FileIdentity;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFolderTest {

  private static final MediumId MADE =
      new MediumId(UUID.fromString("aaaaaaaa-2222-3333-4444-555555555555"));

  private static final MachineId ID =
      new MachineId(UUID.fromString("11111111-2222-3333-4444-555555555555"));

  private @TempDir Path temporary;
  private StateFolder folder;

  @BeforeEach
  void open() throws IOException {
    folder = StateFolder.open(temporary.resolve("state"), new LineImages());
  }

  @AfterEach
  void close() throws IOException {
    folder.close();
  }

  private void reopen() throws IOException {
    folder.close();
    open();
  }

  // ---- what is kept

  @Test
  void aNewFolderIsEmptyAndItsOwnersAlone() throws IOException {
    assertEquals(new StateFolder.Contents(List.of(), List.of(), List.of()), folder.contents());
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(temporary.resolve("state"))));
  }

  @Test
  void machinesAndGlobalMediaAreThereAfterOpeningAgain() throws IOException {
    Medium base = medium(temporary.resolve("b & \u00e4.vdi"), null);
    Medium child = medium(temporary.resolve("state/child.vdi"), base);
    MachineSettings machine = machine("mail \"1\" <\u00e4>");

    commit(List.of(machine), List.of(path(machine)), List.of(base, child), List.of());
    reopen();

    assertEquals(List.of(path(machine)), folder.contents().machines());
    assertEquals(List.of(base, child), folder.contents().globalMedia());
    assertEquals(machine, folder.read(path(machine)));
  }

  @Test
  void whatLiesInsideTheFolderMovesWithIt() throws IOException {
    Medium inside = medium(temporary.resolve("state/i.vdi"), null);
    MachineSettings machine = machine("m");
    commit(List.of(machine), List.of(path(machine)), List.of(inside), List.of());
    folder.close();

    Path moved = Files.move(temporary.resolve("state"), temporary.resolve("moved"));
    folder = StateFolder.open(moved, new LineImages());

    assertEquals(List.of(moved.resolve("machines/m/m.vbox")), folder.contents().machines());
    assertEquals(moved.resolve("i.vdi"), folder.contents().globalMedia().getFirst().location());
  }

  @Test
  void aListKeepsWhatVarveDoesNotKnow() throws IOException {
    folder.close();
    String file = Samples.text("VirtualBox.xml");
    Files.writeString(temporary.resolve("state/varve.xml"), file);
    open();
    Path listed = Path.of("/vm/samp/vms/a1-sample/a1-sample.vbox");
    assertEquals(List.of(listed), folder.contents().machines());

    Path another = sample(Samples.ATTACHED);
    Medium disc = disc(temporary.resolve("d.iso"));
    commit(List.of(), List.of(another, listed), List.of(disc), List.of());

    assertEquals(
        List.of(
            "+      <MachineEntry src=\"%s\"/>".formatted(another),
            "+    <MediaRegistry>",
            "+      <DVDImages>",
            "+        <Image uuid=\"{%s}\" location=\"%s\"/>".formatted(disc.id(), disc.location()),
            "+      </DVDImages>",
            "+    </MediaRegistry>"),
        Samples.difference(file, Files.readString(temporary.resolve("state/varve.xml"))));
    assertEquals(List.of(disc), folder.contents().globalMedia());
    reopen();
    assertEquals(List.of(disc), folder.contents().globalMedia());
  }

  private static Medium disc(Path location) {
    return new Medium(
        new MediumId(UUID.nameUUIDFromBytes(Samples.utf8(location.toString()))),
        location,
        ImageFormat.RAW,
        DeviceType.DVD,
        MediumType.READONLY,
        MediumVariant.STANDARD,
        null,
        0,
        false,
        Set.of(),
        "",
        Map.of(),
        Medium.NOT_CHECKED);
  }

  @Test
  void aMachineElsewhereIsListedByItsFileAndSavedInItsPlace() throws IOException {
    Path file = sample(Samples.TWO_SNAPSHOTS);
    MachineSettings read = folder.read(file);

    commit(List.of(), List.of(file), List.of(), List.of());
    assertArrayEquals(Samples.bytes(Samples.TWO_SNAPSHOTS), Files.readAllBytes(file));
    commit(
        List.of(Samples.with(read, Samples.named(read.machine(), "other"))),
        List.of(file),
        List.of(),
        List.of());

    assertEquals("other", folder.read(file).machine().name());
    assertArrayEquals(
        Samples.bytes(Samples.TWO_SNAPSHOTS),
        Files.readAllBytes(file.resolveSibling("a1-sample.vbox-prev")));
    assertTrue(
        Files.readString(temporary.resolve("state/varve.xml"))
            .contains(
                "<MachineEntry uuid=\"{d753a53c-e5a7-4910-ad4b-a297422fde94}\" src=\""
                    + file
                    + "\"/>"));
  }

  @Test
  void permissionsOfAReplacedFileAndALinkToItStay() throws IOException {
    Path file = sample(Samples.ATTACHED);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Path link = Files.createSymbolicLink(temporary.resolve("link.vbox"), file);
    MachineSettings read = folder.read(link);

    commit(
        List.of(Samples.with(read, Samples.named(read.machine(), "other"))),
        List.of(),
        List.of(),
        List.of());

    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.readString(file).contains("name=\"other\""));
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void aDiskOfAnotherListedMachineIsKnown() throws IOException {
    Path owner = sample(Samples.ATTACHED);
    MachineSettings user = machine("user");
    MediumId shared = MediumId.of("7d37a4cc-af9e-4d37-9e2e-1feb5be4f44f");
    Hardware scsi = folder.read(owner).machine().hardware();
    var hardware =
        new Hardware(scsi.controllers(), List.of(Samples.disk("SCSI", 3, 0, shared)), List.of());
    user = Samples.with(user, Samples.with(user.machine(), hardware));

    commit(List.of(user), List.of(path(user), owner), List.of(), List.of());
    assertEquals(user, folder.read(path(user)));
    reopen();
    assertEquals(user, folder.read(path(user)));

    commit(List.of(), List.of(path(user)), List.of(), List.of());
    Path file = path(user);
    var refused = assertThrows(SettingsException.class, () -> folder.read(file));
    assertTrue(refused.getMessage().contains("no hard disk that is known"), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"mail", "a/b", "..", ".", "", " ", "\u00e4\u00f6\ud83d\ude00", "a\u0000b", "-x"})
  void anyNameGivesAFileInTheFolder(String name) {
    Path file = folder.newMachineFile(ID, name);

    assertTrue(file.startsWith(temporary.resolve("state/machines")), file.toString());
    assertEquals(temporary.resolve("state/machines"), file.normalize().getParent().getParent());
    assertTrue(file.getFileName().toString().endsWith(".vbox"));
  }

  @Test
  void aLongNameIsCutAndATakenOneGetsTheId() throws IOException {
    assertTrue(
        folder.newMachineFile(ID, "\u00e4".repeat(5000)).getFileName().toString().length() < 200);
    Files.createDirectories(temporary.resolve("state/machines/mail"));

    assertEquals(
        temporary.resolve("state/machines/mail " + ID + "/mail.vbox"),
        folder.newMachineFile(ID, "mail"));
  }

  // ---- changes

  @Test
  void stepsAreDoneInTheirOrderAfterTheSettings() throws IOException {
    Path a = image("a", "");
    Path b = image("b", a.toString());
    Path c = image("c", b.toString());
    Path d = image("d", a.toString());

    commit(
        List.of(),
        List.of(),
        List.of(),
        List.of(
            new FileStep.Reparent(c, null, new Image(a, ImageFormat.VDI, null)),
            new FileStep.Delete(b, null),
            new FileStep.MakeBase(d, null)));

    assertEquals(a.toString(), LineImages.parentOf(c));
    assertEquals("", LineImages.parentOf(d));
    assertFalse(Files.exists(b));
    assertTrue(Files.exists(a));
  }

  @Test
  void rollingBackDeletesWhatWasMadeAndNothingElse() throws IOException {
    Path made = temporary.resolve("made.vdi");
    Path more = temporary.resolve("more.vdi");
    Path other = image("other.vdi", "");
    StateFolder.Change change = folder.begin(Map.of(made, MADE, more, MADE), "");
    Files.writeString(made, MADE.toString());
    Files.writeString(more, MADE.toString());

    change.rollBack();

    assertFalse(Files.exists(made));
    assertFalse(Files.exists(more));
    assertTrue(Files.exists(other));
    assertThrows(IllegalStateException.class, change::rollBack);
  }

  @Test
  void aFileThatIsThereIsNoFileToBeCreated() throws IOException {
    Path there = image("there.vdi", "");

    assertThrows(
        FileAlreadyExistsException.class, () -> folder.begin(Map.of(there, MADE), "merge"));
    reopen();

    assertTrue(Files.exists(there));
    assertEquals(List.of(), folder.contents().unfinished());
  }

  @Test
  void whatAnOpenChangeMadeIsGoneAfterOpeningAgainAndItsLineIsTold() throws IOException {
    Path made = temporary.resolve("made.vdi");
    folder.begin(Map.of(made, MADE), "merge S1");
    folder.begin(Map.of(), "merge S2");
    Files.writeString(made, MADE.toString());

    reopen();

    assertFalse(Files.exists(made));
    assertEquals(List.of("merge S1", "merge S2"), folder.contents().unfinished());
  }

  @Test
  void aFileThatSomebodyElseMadeUnderTheNameStaysHisAfterOpeningAgain() throws IOException {
    Path made = temporary.resolve("made.vdi");
    folder.begin(Map.of(made, MADE), "");
    Files.writeString(made, "his");

    reopen();

    assertEquals("his", Files.readString(made));
    reopen();
    assertEquals("his", Files.readString(made));
  }

  @Test
  void aFileThatCannotHoldItsIdGoesWithTheChangeThatMadeIt() throws IOException {
    Path made = temporary.resolve("made.raw");
    StateFolder.Change change = folder.begin(Map.of(made, MADE), "");
    Files.writeString(made, "raw");
    change.makes(made, FileIdentity.unchanged(made));

    change.rollBack();

    assertFalse(Files.exists(made));
  }

  @Test
  void aFileThatCannotHoldItsIdGoesAfterAKillUnlessItWasWrittenSince() throws IOException {
    Path ours = temporary.resolve("ours.raw");
    Path used = temporary.resolve("used.raw");
    Path his = temporary.resolve("his.raw");
    for (Path made : List.of(ours, used, his)) {
      StateFolder.Change change = folder.begin(Map.of(made, MADE), "");
      Files.writeString(made, "raw");
      change.makes(made, FileIdentity.unchanged(made));
    }
    Files.writeString(used, "RAW");
    Files.setLastModifiedTime(used, FileTime.fromMillis(4711));
    Path his2 = Files.writeString(temporary.resolve("his2.raw"), "raw");
    Files.move(his2, his, StandardCopyOption.REPLACE_EXISTING);

    reopen();

    assertFalse(Files.exists(ours));
    assertTrue(Files.exists(used));
    assertTrue(Files.exists(his));
  }

  @Test
  void aJournalOfAnEarlierVersionKnowsFilesByTheirNames() throws IOException {
    Path made = image("made.vdi", "his or ours");
    folder.close();
    var bytes = new ByteArrayOutputStream();
    var entry = new DataOutputStream(bytes);
    entry.writeBytes("VARVEJ01");
    entry.writeByte(0); // intended
    entry.writeInt(1); // creates one file
    byte[] name = Samples.utf8(made.toString());
    entry.writeInt(name.length);
    entry.write(name);
    entry.write(new byte[12]); // no line, no files, no steps
    var crc = new CRC32C();
    crc.update(bytes.toByteArray());
    entry.writeInt((int) crc.getValue());
    Path journal = Files.createDirectories(temporary.resolve("state/journal"));
    Files.write(journal.resolve("1.change"), bytes.toByteArray());

    open();

    assertFalse(Files.exists(made));
    assertFalse(Files.exists(journal.resolve("1.change")));
  }

  @Test
  void aLineIsToldUntilItIsBegunAgainAndEnds() throws IOException {
    folder.begin(Map.of(), "merge S1");
    reopen();
    reopen();
    assertEquals(List.of("merge S1"), folder.contents().unfinished());

    folder.begin(Map.of(), "merge S1");
    assertEquals(List.of(), folder.contents().unfinished());
    reopen();
    assertEquals(List.of("merge S1"), folder.contents().unfinished());

    folder.begin(Map.of(), "merge S1").rollBack();
    reopen();
    assertEquals(List.of(), folder.contents().unfinished());
  }

  @Test
  void changesMayOverlap() throws IOException {
    MachineSettings machine = machine("m");
    Path made = temporary.resolve("made.vdi");
    StateFolder.Change merge = folder.begin(Map.of(), "merge S1");
    folder.begin(Map.of(made, MADE), "");
    Files.writeString(made, MADE.toString());

    commit(List.of(machine), List.of(path(machine)), List.of(), List.of());
    Samples.commit(merge, List.of(), List.of(path(machine)), List.of(), List.of());
    reopen();

    assertEquals(List.of(), folder.contents().unfinished());
    assertEquals(machine, folder.read(path(machine)));
    assertFalse(Files.exists(made), "the attach was neither saved nor discarded");
    assertThrows(IllegalStateException.class, merge::rollBack);
  }

  // ---- trouble

  @Test
  void aFolderIsOpenOnce() throws IOException {
    var refused =
        assertThrows(
            IOException.class,
            () -> StateFolder.open(temporary.resolve("state"), new LineImages()));

    assertTrue(
        refused.getMessage().contains("in use by process " + ProcessHandle.current().pid()),
        refused.getMessage());
  }

  @Test
  void aFolderThatIsAFileIsRefused() throws IOException {
    Path file = image("file", "");

    assertThrows(IOException.class, () -> StateFolder.open(file, new LineImages()));
    assertTrue(Files.isRegularFile(file));
  }

  @Test
  void aDamagedListIsRefusedAndNothingChanges() throws IOException {
    Path made = temporary.resolve("made.vdi");
    commit(List.of(), List.of(), List.of(medium(temporary.resolve("b"), null)), List.of());
    folder.begin(Map.of(made, MADE), "merge");
    Files.writeString(made, MADE.toString());
    folder.close();
    Path list = temporary.resolve("state/varve.xml");
    String damaged = Files.readString(list).substring(0, 150);
    Files.writeString(list, damaged);

    assertThrows(SettingsException.class, this::open);

    assertEquals(damaged, Files.readString(list));
    assertTrue(Files.exists(made));
  }

  @Test
  void aListThatVanishedIsNotTakenForANewFolder() throws IOException {
    commit(List.of(), List.of(), List.of(medium(temporary.resolve("b"), null)), List.of());
    commit(List.of(), List.of(), List.of(), List.of());
    folder.close();
    Files.delete(temporary.resolve("state/varve.xml"));

    var refused = assertThrows(SettingsException.class, this::open);

    assertTrue(refused.getMessage().contains("varve.xml-prev"), refused.getMessage());
  }

  @Test
  void aMachineThatVanishedIsNotSavedFromMemory() throws IOException {
    Path file = sample(Samples.ATTACHED);
    MachineSettings read = folder.read(file);
    commit(List.of(), List.of(file), List.of(), List.of());
    Files.delete(file);
    StateFolder.Change change = folder.begin(Map.of(), "");

    assertThrows(
        SettingsException.class,
        () -> Samples.commit(change, List.of(read), List.of(file), List.of(), List.of()));

    change.rollBack();
    assertFalse(Files.exists(file));
  }

  @Test
  void aFolderInWhichNothingCanBeWrittenLeavesEverythingAsItWas() throws IOException {
    Path file = sample(Samples.ATTACHED);
    MachineSettings read = folder.read(file);
    MachineSettings renamed = Samples.with(read, Samples.named(read.machine(), "other"));
    // In the way of the new file, for every user.
    Path obstacle = Files.createDirectories(file.resolveSibling("a1-sample.vbox.varve-new/x"));
    Path made = temporary.resolve("made.vdi");
    StateFolder.Change change = folder.begin(Map.of(made, MADE), "");
    Files.writeString(made, MADE.toString());

    assertThrows(
        IOException.class,
        () -> Samples.commit(change, List.of(renamed), List.of(file), List.of(), List.of()));
    assertArrayEquals(Samples.bytes(Samples.ATTACHED), Files.readAllBytes(file));
    assertEquals(List.of(), folder.contents().machines());

    Files.delete(obstacle);
    Samples.commit(change, List.of(renamed), List.of(file), List.of(), List.of());
    assertEquals("other", folder.read(file).machine().name());
    assertTrue(Files.exists(made));
  }

  @Test
  void aNameThatXmlCannotHoldLeavesEverythingAsItWas() throws IOException {
    Path file = sample(Samples.ATTACHED);
    MachineSettings read = folder.read(file);
    MachineSettings bad = Samples.with(read, Samples.named(read.machine(), "a\u0001b"));
    Path made = temporary.resolve("made.vdi");
    StateFolder.Change change = folder.begin(Map.of(made, MADE), "");
    Files.writeString(made, MADE.toString());

    var refused =
        assertThrows(
            SettingsException.class,
            () -> Samples.commit(change, List.of(bad), List.of(file), List.of(), List.of()));
    assertTrue(
        refused
            .getMessage()
            .contains("line 11, <Machine>: name must not hold the character U+0001"),
        refused.getMessage());
    change.rollBack();

    assertArrayEquals(Samples.bytes(Samples.ATTACHED), Files.readAllBytes(file));
    assertEquals(List.of(), folder.contents().machines());
    assertFalse(Files.exists(made));
  }

  // ---- what there is

  private void commit(
      List<MachineSettings> saved, List<Path> machines, List<Medium> media, List<FileStep> steps)
      throws IOException {
    Samples.commit(folder.begin(Map.of(), ""), saved, machines, media, steps);
  }

  private Path sample(String name) throws IOException {
    Path home = Files.createDirectories(temporary.resolve("vms/a1-sample"));
    return Files.write(home.resolve("a1-sample.vbox"), Samples.bytes(name));
  }

  private Path image(String name, String parent) throws IOException {
    return Files.writeString(temporary.resolve(name), parent);
  }

  private MachineSettings machine(String name) {
    return new MachineSettings(
        new Machine(
            ID,
            name,
            folder.newMachineFile(ID, name),
            "Snapshots",
            null,
            "PIIX3",
            Hardware.EMPTY,
            List.of(),
            null,
            true,
            Instant.parse("2026-11-23T15:40:41Z")),
        List.of());
  }

  private static Path path(MachineSettings machine) {
    return machine.machine().settingsFile();
  }

  private static Medium medium(Path location, Medium parent) {
    return new Medium(
        new MediumId(UUID.nameUUIDFromBytes(Samples.utf8(location.toString()))),
        location,
        ImageFormat.VDI,
        DeviceType.HARD_DISK,
        MediumType.NORMAL,
        parent == null ? MediumVariant.STANDARD : MediumVariant.DIFFERENCING,
        parent == null ? null : parent.id(),
        0,
        false,
        Set.of(),
        "for \"tests\" & <more>\n\u00e4",
        Map.of("b", "1", "a", "x\ty"),
        Medium.NOT_CHECKED);
  }
}
