package dev.varve.core.inventory;

import static dev.varve.core.inventory.Bench.sata;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.SnapshotId;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.medium.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another program, or a person, edits settings files between calls. */
class OutsideEditsTest {

  private static final SnapshotId THEIRS =
      new SnapshotId(UUID.fromString("77777777-0000-4000-8000-000000000001"));

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId mail;
  private MediumId base;
  private Path file;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench(folder);
    base = bench.disk("base");
    mail = bench.machine("mail");
    String session = bench.lock(mail);
    bench.attach(session, 0, base);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    file = bench.machine(mail).saved().settingsFile();
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  // ---- idle

  @Test
  void aSnapshotOfAnotherProgramIsKnownBeforeAnythingIsDone() throws IOException {
    MediumId top = snapshotOfAnotherProgram();

    String session = bench.lock(mail);

    assertEquals(THEIRS, bench.machine(mail).saved().currentSnapshot());
    assertEquals(top, bench.attached(mail, 0));
    bench.inventory.takeSnapshot(session, "ours", "");
    assertEquals(2, bench.machine(mail).saved().snapshots().size());
    assertTrue(text().contains("name=\"theirs\"") && text().contains("name=\"ours\""));
    assertEquals(List.of(), bench.inventory.warnings().all());
  }

  @Test
  void aMachineStartsFromWhatItsFileSays() throws IOException {
    MediumId top = snapshotOfAnotherProgram();

    bench.inventory.start(mail);

    assertEquals(bench.chain(top), bench.disks.of(mail).get(sata(0)).chain());
  }

  @Test
  void whatVanishedFromTheRegistryIsForgottenAndWhatIsKnownOfTheRestStays() throws IOException {
    MediumId other = bench.disk("other");
    String session = bench.lock(mail);
    bench.attach(session, 1, other);
    bench.inventory.save(session);
    bench.inventory.unlock(session);

    edit(
        text ->
            text.replaceFirst("<HardDisk [^>]*\\{" + other + "}[^>]*/>\\s*", "")
                .replaceFirst(
                    "<AttachedDevice [^>]*port=\"1\"[^>]*>\\s*<Image [^>]*/>\\s*</AttachedDevice>",
                    ""));
    bench.inventory.look();

    assertEquals(Set.of(base), bench.inventory.view().media().keySet());
    assertNull(bench.medium(base).accessError());
    assertTrue(bench.medium(base).capacity() > 0);
    assertNull(bench.machine(mail).saved().hardware().attachment(sata(1)));
  }

  @Test
  void aFileThatHoldsTheSameAgainIsNoChange() throws IOException {
    String before = text();
    Files.writeString(file, "");
    Files.writeString(file, before);

    bench.inventory.start(mail);

    assertEquals(MachineState.RUNNING, bench.machine(mail).state());
  }

  @Test
  void anEditWithinTheSameTickIsSeen() throws IOException {
    var time = Files.getLastModifiedTime(file);
    edit(text -> text.replace("name=\"mail\"", "name=\"liam\"")); // as long as before
    Files.setLastModifiedTime(file, time);

    bench.inventory.look();

    assertEquals("liam", bench.machine(mail).saved().name());
  }

  @Test
  void aFileThatIsGoneIsNotMadeAgainAndTheMachineIsShown() throws IOException {
    String before = text();
    Files.delete(file);

    ModelException why = Bench.refusal(() -> bench.lock(mail));

    assertEquals(ErrorCode.VBOX_E_INVALID_OBJECT_STATE, why.code());
    assertTrue(why.getMessage().contains(file.toString()), why.getMessage());
    Bench.refusal(() -> bench.inventory.start(mail));
    Bench.refusal(() -> bench.inventory.setMediumType(base, MediumType.WRITETHROUGH));
    assertFalse(Files.exists(file));
    assertTrue(isWarned());
    assertEquals("mail", bench.machine(mail).saved().name());
    Files.writeString(file, before);
    bench.inventory.look();
    assertFalse(isWarned());
    bench.inventory.start(mail);
  }

  @Test
  void aFileThatCannotBeReadIsNotWritten() throws IOException {
    Files.writeString(file, "half of a fi");

    ModelException why = Bench.refusal(() -> bench.inventory.start(mail));

    assertTrue(why.getMessage().contains("cannot be used"), why.getMessage());
    assertEquals("half of a fi", text());
    assertTrue(isWarned());
    bench.inventory.unregister(mail, UnregisterMode.UNREGISTER_ONLY);
    assertEquals("half of a fi", text());
  }

  @Test
  void aFileOfAnotherMachineIsRefused() throws IOException {
    edit(text -> text.replace(mail.toString(), new MachineId(new UUID(1, 1)).toString()));

    String why = Bench.refusal(() -> bench.lock(mail)).getMessage();

    assertTrue(why.contains(new UUID(1, 1).toString()), why);
  }

  @Test
  void aFileThatTakesAwayWhatAnotherMachineUsesIsRefused() throws IOException {
    MediumId child = childOfBase();
    MachineId other = bench.machine("other");
    String session = bench.lock(other);
    bench.attach(session, 0, child);
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    // Only "mail" lists the base from now on.
    Path others = bench.machine(other).saved().settingsFile();
    Files.writeString(
        others,
        Files.readString(others).replaceFirst("(?s)<MediaRegistry>.*</MediaRegistry>\\s*", ""));
    bench.inventory.look();

    edit(text -> text.replaceFirst("(?s)<MediaRegistry>.*</MediaRegistry>\\s*", ""));
    String why = Bench.refusal(() -> bench.lock(mail)).getMessage();

    assertTrue(why.contains("'other'") || why.contains(child.toString()), why);
  }

  private MediumId childOfBase() {
    String session = bench.lock(mail);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
    return bench.inventory.createDiff(base, bench.at("child.vdi"));
  }

  // ---- saves of other things

  @Test
  void aChangeOfAMediumIsMadeInWhatTheFileSaysNow() throws IOException {
    detachBase();
    edit(text -> text.replace("RAMSize=\"1024\"", "RAMSize=\"7777\""));

    bench.inventory.setMediumType(base, MediumType.WRITETHROUGH);

    assertTrue(text().contains("RAMSize=\"7777\"") && text().contains("\"Writethrough\""));
  }

  @Test
  void aChangeOfAMediumIsRefusedWhereTheFileSaysNowThatItCannotBe() throws IOException {
    detachBase();
    String attached = text();
    String session = bench.lock(mail);
    bench.attach(session, 0, base);
    bench.inventory.save(session);
    bench.inventory.takeSnapshot(session, "S1", "");
    bench.inventory.unlock(session);
    String inUse = text();
    // The other way round: what is known here is the machine without the disk.
    bench.inventory.unregister(mail, UnregisterMode.DETACH_ALL_RETURN_NONE);
    Files.writeString(file, attached);
    bench.inventory.openMachine(file);
    Files.writeString(file, inUse);

    assertEquals(
        ErrorCode.VBOX_E_INVALID_OBJECT_STATE,
        Bench.refused(() -> bench.inventory.setMediumType(base, MediumType.IMMUTABLE)));

    assertEquals(inUse, text());
  }

  private void detachBase() {
    String session = bench.lock(mail);
    bench.inventory.detach(session, sata(0));
    bench.inventory.save(session);
    bench.inventory.unlock(session);
  }

  // ---- while a session is open

  @Test
  void whatContradictsNothingIsSavedTogetherWithTheSession() throws IOException {
    String session = bench.lock(mail);
    bench.attach(session, 1, bench.disk("second"));
    edit(
        text ->
            text.replace("RAMSize=\"1024\"", "RAMSize=\"7777\"")
                .replaceFirst("<Hardware", "<Description>by hand</Description><Hardware")
                .replace("name=\"mail\"", "name=\"post\""));

    bench.inventory.save(session);

    assertTrue(text().contains("RAMSize=\"7777\"") && text().contains("by hand"), text());
    assertTrue(text().contains("second.vdi"));
    assertEquals("post", bench.machine(mail).saved().name());
    assertTrue(text().contains("name=\"post\""));
    assertFalse(isWarned());
  }

  @Test
  void whatContradictsUnsavedChangesIsRefusedAndNeitherIsLost() throws IOException {
    String session = bench.lock(mail);
    bench.attach(session, 1, bench.disk("second"));
    MediumId top = snapshotOfAnotherProgram();
    String theirs = text();

    ModelException why = Bench.refusal(() -> bench.inventory.save(session));

    assertEquals(ErrorCode.VBOX_E_INVALID_OBJECT_STATE, why.code());
    assertTrue(why.getMessage().contains("varve machine reload"), why.getMessage());
    Bench.refusal(() -> bench.inventory.detach(session, sata(1)));
    Bench.refusal(() -> bench.inventory.takeSnapshot(session, "ours", ""));
    assertEquals(theirs, text());
    assertTrue(isWarned());
    assertEquals("second.vdi", bench.chain(bench.attached(mail, 1)).getFirst().getFileName() + "");
    bench.reopen();
    assertEquals(top, bench.attached(mail, 0));
  }

  @Test
  void aSessionWithoutChangesGoesOnWithWhatTheFileSays() throws IOException {
    String session = bench.lock(mail);
    MediumId top = snapshotOfAnotherProgram();

    bench.inventory.detach(session, sata(0));
    bench.inventory.attach(session, sata(3), DeviceType.HARD_DISK, top);
    bench.inventory.save(session);

    assertEquals(top, bench.attached(mail, 3));
    assertEquals(THEIRS, bench.machine(mail).saved().currentSnapshot());
  }

  @Test
  void unlockingGivesUpTheChangesAndReadsTheFile() throws IOException {
    String session = bench.lock(mail);
    bench.attach(session, 1, bench.disk("second"));
    MediumId top = snapshotOfAnotherProgram();
    Bench.refusal(() -> bench.inventory.save(session));

    bench.inventory.unlock(session);

    assertEquals(top, bench.attached(mail, 0));
    assertFalse(isWarned());
  }

  @Test
  void discardingGivesUpTheChangesAndReadsTheFile() throws IOException {
    String session = bench.lock(mail);
    bench.attach(session, 1, bench.disk("second"));
    MediumId top = snapshotOfAnotherProgram();

    bench.inventory.discard(session);

    assertEquals(top, bench.attached(mail, 0));
    bench.inventory.save(session);
    assertTrue(text().contains("name=\"theirs\""));
  }

  @Test
  void aFileThatIsAsItWasAgainContradictsNothing() throws IOException {
    String session = bench.lock(mail);
    bench.attach(session, 1, bench.disk("second"));
    String before = text();
    snapshotOfAnotherProgram();
    Bench.refusal(() -> bench.inventory.save(session));
    assertTrue(isWarned());

    Files.writeString(file, before);
    bench.inventory.save(session);

    assertFalse(isWarned());
    assertTrue(text().contains("second.vdi"));
  }

  // ---- reload

  @Test
  void reloadingDropsUnsavedChangesOnlyIfItIsTold() throws IOException {
    MediumId immutable = bench.disk("i", MediumType.IMMUTABLE, MediumVariant.STANDARD);
    String session = bench.lock(mail);
    bench.attach(session, 1, immutable);
    Path made = bench.chain(bench.attached(mail, 1)).getLast();
    MediumId top = snapshotOfAnotherProgram();

    ModelException why = Bench.refusal(() -> bench.inventory.reload(mail, false));
    assertTrue(why.getMessage().contains("--discard"), why.getMessage());
    assertTrue(Files.exists(made));
    assertTrue(bench.inventory.reload(mail, true));

    assertFalse(Files.exists(made));
    assertEquals(top, bench.attached(mail, 0));
    assertFalse(isWarned());
    bench.inventory.save(session); // which goes on
    assertTrue(text().contains("name=\"theirs\""));
  }

  @Test
  void reloadingDropsNothingForAFileThatCannotBeRead() throws IOException {
    String session = bench.lock(mail);
    bench.attach(session, 1, bench.disk("second"));
    String before = text();
    Files.writeString(file, "<");

    Bench.refusal(() -> bench.inventory.reload(mail, true));

    assertEquals("second.vdi", bench.chain(bench.attached(mail, 1)).getFirst().getFileName() + "");
    Files.writeString(file, before);
    bench.inventory.save(session);
  }

  @Test
  void reloadingAnIdleMachineReadsItAgain() throws IOException {
    MediumId top = snapshotOfAnotherProgram();

    assertFalse(bench.inventory.reload(mail, false));

    assertEquals(top, bench.attached(mail, 0));
  }

  // ---- while it runs

  @Test
  void aRunningMachineTakesWhatDoesNotTouchItsDisks() throws IOException {
    bench.inventory.start(mail);
    edit(text -> text.replace("RAMSize=\"1024\"", "RAMSize=\"7777\""));

    String session = bench.inventory.lock(mail, LockType.SHARED).id();
    bench.inventory.takeSnapshot(session, "live", "");

    assertTrue(text().contains("RAMSize=\"7777\"") && text().contains("name=\"live\""));
    assertFalse(isWarned());
  }

  @Test
  void aRunningMachineThatServesOtherDisksThanItsFileSaysIsNotSavedUntilItIsDown()
      throws IOException {
    bench.inventory.start(mail);
    MediumId top = snapshotOfAnotherProgram();
    String theirs = text();

    ModelException why = Bench.refusal(() -> bench.inventory.lock(mail, LockType.SHARED));
    assertTrue(why.getMessage().contains("ower the machine down"), why.getMessage());
    Bench.refusal(() -> bench.inventory.reload(mail, true));
    bench.inventory.look();
    assertTrue(isWarned());
    assertEquals(List.of("start"), bench.disks.calls());
    bench.inventory.powerDown(mail);

    assertEquals(theirs, text());
    assertEquals(top, bench.attached(mail, 0));
    assertFalse(isWarned());
    bench.inventory.start(mail);
    assertEquals(bench.chain(top), bench.disks.of(mail).get(sata(0)).chain());
  }

  @Test
  void aRunningMachineFollowsAFileThatNamesTheSameDisks() throws IOException {
    bench.inventory.start(mail);
    MediumId listed = MediumId.of("88888888-0000-4000-8000-000000000001");
    edit(
        text ->
            text.replaceFirst(
                "</HardDisks>",
                "<HardDisk uuid=\"{%s}\" location=\"%s\" format=\"VDI\" type=\"Normal\"/></HardDisks>"
                    .formatted(listed, bench.at("more.vdi"))));

    bench.inventory.reload(mail, false);

    assertEquals(MachineState.RUNNING, bench.machine(mail).state());
    assertEquals(List.of("start"), bench.disks.calls());
    assertEquals(bench.at("more.vdi"), bench.medium(listed).location());
    assertEquals(Set.of("running machine 'mail'"), holders(base));
    Files.createFile(bench.at("more.vdi"));
    Files.delete(bench.at("more.vdi"));
  }

  private Set<String> holders(MediumId medium) {
    return Set.copyOf(bench.inventory.view().media().get(medium).holders());
  }

  // ---- long work

  @Test
  void aDeletionThatBeginsAfterAnEditDeletesWhatTheFileSays() throws IOException {
    MediumId top = snapshotOfAnotherProgram();
    bench.inventory.look();
    bench.write(top, 0, "theirs");
    String session = bench.lock(mail);

    Job job = bench.inventory.deleteSnapshot(session, THEIRS);

    assertEquals(Job.State.DONE, job.state(), () -> "" + job.failure());
    assertEquals("theirs", bench.read(bench.attached(mail, 0), 0));
    bench.checkFiles();
  }

  // ---- the list of machines

  @Test
  void aListThatAPersonChangedIsNotWrittenOver() throws IOException {
    Path list = folder.resolve("state/varve.xml");
    String edited = Files.readString(list).replaceFirst("<MachineEntry[^>]*/>", "<!-- by hand -->");
    Files.writeString(list, edited);

    ModelException why = Bench.refusal(() -> bench.inventory.createMachine("new"));

    assertTrue(why.getMessage().contains(list.toString()), why.getMessage());
    assertEquals(edited, Files.readString(list));
    assertTrue(isWarned(list));
    String session = bench.lock(mail);
    bench.inventory.takeSnapshot(session, "S1", ""); // which does not need the list
    assertEquals(edited, Files.readString(list));
  }

  @Test
  void aCommentInTheListStays() throws IOException {
    Path list = folder.resolve("state/varve.xml");
    Files.writeString(
        list, Files.readString(list).replaceFirst("<MachineRegistry>", "<!-- mine -->$0"));

    bench.inventory.createMachine("new");

    assertTrue(Files.readString(list).contains("<!-- mine -->"));
    assertTrue(Files.readString(list).contains("new.vbox"));
  }

  @Test
  void aListThatIsGoneIsNotMadeAgain() throws IOException {
    Path list = folder.resolve("state/varve.xml");
    String before = Files.readString(list);
    Files.delete(list);

    Bench.refusal(() -> bench.inventory.createMachine("new"));

    assertFalse(Files.exists(list));
    Files.writeString(list, before);
    bench.inventory.createMachine("new");
    bench.inventory.look();
    assertFalse(isWarned(list));
  }

  @Test
  void aMachineIsMadeWhereTheFolderOfAnUnregisteredOneWas() throws IOException {
    bench.inventory.unregister(mail, UnregisterMode.UNREGISTER_ONLY);
    Files.move(file.getParent(), folder.resolve("elsewhere"));

    MachineId made = bench.inventory.createMachine("mail");

    assertEquals(file, bench.machine(made).saved().settingsFile());
    assertTrue(text().contains(made.toString()), text());
  }

  // ---- what other programs do

  private String text() throws IOException {
    return Files.readString(file);
  }

  private void edit(UnaryOperator<String> change) throws IOException {
    String before = text();
    String after = change.apply(before);
    assertFalse(after.equals(before), "the edit changes nothing");
    Files.writeString(file, after);
  }

  private boolean isWarned() {
    return isWarned(file);
  }

  private boolean isWarned(Path subject) {
    return bench.inventory.warnings().all().stream()
        .anyMatch(
            warning ->
                warning.kind() == Warnings.Kind.CHANGED_OUTSIDE
                    && warning.subject().equals(subject.toString()));
  }

  /** As VirtualBox does it: a differencing image, and a snapshot that keeps what was attached. */
  private MediumId snapshotOfAnotherProgram() throws IOException {
    MediumId top = MediumId.of("99999999-0000-4000-8000-000000000001");
    Path image = file.resolveSibling("Snapshots").resolve("{" + top + "}.vdi");
    Files.createDirectories(image.getParent());
    bench.contents.createChild(
        image, top, ImageFormat.VDI, new Image(bench.at("base.vdi"), ImageFormat.VDI, null));
    edit(
        text -> {
          int from = text.lastIndexOf("<Hardware");
          int to = text.lastIndexOf("</Hardware>") + "</Hardware>".length();
          String hardware = text.substring(from, to);
          String snapshot =
              "<Snapshot uuid=\"{%s}\" name=\"theirs\" timeStamp=\"2026-02-02T02:02:02Z\">%s</Snapshot>"
                  .formatted(THEIRS, hardware);
          return (text.substring(0, from)
                  + snapshot
                  + hardware.replace(base.toString(), top.toString())
                  + text.substring(to))
              .replaceFirst(
                  "(<HardDisk [^>]*\\{" + base + "}[^>]*)/>",
                  "$1><HardDisk uuid=\"{%s}\" location=\"Snapshots/{%s}.vdi\" format=\"VDI\"/></HardDisk>"
                      .formatted(top, top))
              .replaceFirst("<Machine ", "<Machine currentSnapshot=\"{" + THEIRS + "}\" ");
        });
    return top;
  }
}
