package dev.varve.core.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.machine.MachineId;
import dev.varve.core.machine.Slot;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines that come from another folder, or from Windows or macOS. */
class MovedMachineTest {

  private static final String NAME = "\u00dcbung.vdi";

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private Bench bench;
  private MachineId machine;
  private MediumId base;
  private MediumId top;
  private Path vbox;

  /** A disk with one snapshot, in a folder of its own, that no server knows. */
  @BeforeEach
  void aMachineWithASnapshot() throws IOException {
    var first = new Bench(Files.createDirectory(folder.resolve("first")));
    machine = first.machine("mail");
    String session = first.lock(machine);
    base =
        first.inventory.createMedium(
            first.at(NAME),
            ImageFormat.VDI,
            MediumVariant.STANDARD,
            Bench.CAPACITY,
            MediumType.NORMAL);
    first.attach(session, 0, base);
    first.inventory.attach(session, new Slot("IDE", 1, 0), DeviceType.DVD, first.dvd("cd"));
    first.write(base, 0, "old");
    first.inventory.takeSnapshot(session, "S1", "");
    top = first.attached(machine, 0);
    first.write(top, 0, "new");
    Path settings = first.machine(machine).saved().settingsFile();
    Path home = Files.createDirectories(folder.resolve("here"));
    vbox = home.resolve("mail.vbox");
    Files.move(settings, vbox);
    Files.move(settings.resolveSibling("Snapshots"), home.resolve("Snapshots"));
    Files.move(first.at(NAME), home.resolve(NAME));
    Files.move(first.at("cd.iso"), home.resolve("cd.iso"));
    first.close();
    bench = new Bench(Files.createDirectory(folder.resolve("second")));
  }

  @AfterEach
  void close() throws IOException {
    bench.close();
  }

  /** Names everything as if the machine's folder were that one, with those strokes. */
  private void comesFrom(String place, char stroke) throws IOException {
    String disks = folder.resolve("first").resolve("disks").toString();
    StringBuilder text = new StringBuilder();
    for (String line : Files.readString(vbox).split("(?<=\n)")) {
      int from = line.indexOf("location=\"");
      String moved = line;
      if (from >= 0) {
        int start = from + "location=\"".length();
        int end = line.indexOf('"', start);
        String location = line.substring(start, end);
        String inside = location.replace(disks + "/", "");
        String now = (place + "/" + inside).replace('/', stroke);
        moved = line.substring(0, start) + now + line.substring(end);
      }
      text.append(
          moved.replace(
              "snapshotFolder=\"Snapshots\"",
              "snapshotFolder=\"" + (place + "/Snapshots").replace('/', stroke) + '"'));
    }
    Files.writeString(vbox, text);
  }

  private void replace(String text, String replacement) throws IOException {
    String before = Files.readString(vbox);
    assertTrue(before.contains(text), before);
    Files.writeString(vbox, before.replace(text, replacement));
  }

  private Path at(String name) {
    return vbox.resolveSibling(name);
  }

  private List<Path> filesOf(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      return files.filter(file -> !file.toString().endsWith(".varve-lock")).sorted().toList();
    }
  }

  // ---- found

  @ParameterizedTest
  @ValueSource(
      strings = {"E:/VMs/mail", "//server/share", "/Users/x/VirtualBox VMs/mail", "/no/such"})
  void theDisksBesideTheSettingsFileAreUsedWhereverTheySaidTheyWere(String place)
      throws IOException {
    comesFrom(place, '/');
    String before = Files.readString(vbox);

    bench.inventory.openMachine(vbox);

    assertEquals(at(NAME), bench.medium(base).location());
    assertEquals("new", bench.read(top, 0));
    assertEquals(MediumState.CREATED, bench.inventory.refreshState(top));
    assertEquals(before, Files.readString(vbox));
    List<String> remarks = bench.inventory.remarks(machine);
    assertEquals(1, remarks.size(), remarks::toString);
    assertTrue(remarks.getFirst().contains(place), remarks::toString);
    assertTrue(remarks.getFirst().contains(NAME), remarks::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"E:/VMs/mail", "\\\\server\\share", "/Users/x/VirtualBox VMs/mail"})
  void aNewSnapshotGoesBesideTheOthersAndOldEntriesStayAsTheyAre(String place) throws IOException {
    comesFrom(place, place.startsWith("\\") ? '\\' : '/');
    List<String> before = Files.readAllLines(vbox);
    List<Path> files = filesOf(folder);
    bench.inventory.openMachine(vbox);
    String session = bench.lock(machine);

    bench.inventory.takeSnapshot(session, "S2", "");

    Medium diff = bench.medium(bench.attached(machine, 0));
    assertEquals(at("Snapshots"), diff.location().getParent());
    List<Path> made = new ArrayList<>(filesOf(folder));
    made.removeAll(files);
    made.removeIf(path -> path.startsWith(bench.folder));
    assertEquals(List.of(diff.location(), at("mail.vbox-prev")), made);
    String saved = Files.readString(vbox);
    assertTrue(saved.contains("location=\"Snapshots/" + diff.location().getFileName()), saved);
    for (String line : before)
      if (line.contains("location=") || line.contains("<Machine "))
        assertTrue(
            saved.contains(line.strip().replaceFirst("/?>$", "").replaceFirst(" current.*", "")),
            line + saved);
    bench.reopen();
    assertEquals("new", bench.read(bench.attached(machine, 0), 0));
  }

  @Test
  void backslashesInTheNamesOfFilesBesideAreRead() throws IOException {
    replace("location=\"Snapshots/", "location=\"Snapshots\\");
    comesFrom("E:", '\\');
    replace("location=\"E:\\", "location=\"");

    bench.inventory.openMachine(vbox);

    assertEquals("new", bench.read(top, 0));
    assertEquals(List.of(), bench.inventory.remarks(machine));
  }

  @Test
  void letterCaseAndTheFormOfUnicodeDoNotCount() throws IOException {
    comesFrom("E:/VMs/mail", '/');
    String other = Normalizer.normalize(NAME.toUpperCase(), Normalizer.Form.NFD);
    Files.move(at(NAME), at(other));

    bench.inventory.openMachine(vbox);

    assertEquals(at(other), bench.medium(base).location());
    assertEquals("new", bench.read(top, 0));
  }

  @Test
  void alsoARelativeNameIsFoundInOtherLetters() throws IOException {
    comesFrom("E:", '/');
    replace("location=\"E:/", "location=\"");
    Files.move(at(NAME), at(NAME.toLowerCase()));

    bench.inventory.openMachine(vbox);

    assertEquals(at(NAME.toLowerCase()), bench.medium(base).location());
  }

  @Test
  void aDiskThatIsWhereTheSettingsFileSaysIsUsedThereAlsoIfACopyIsBeside() throws IOException {
    Path disks = Files.createDirectories(folder.resolve("first").resolve("disks"));
    Files.copy(at(NAME), disks.resolve(NAME));

    bench.inventory.openMachine(vbox);

    assertEquals(disks.resolve(NAME), bench.medium(base).location());
  }

  // ---- not found

  @Test
  void aDiskThatIsNotThereIsToldByItsOldNameAndWhereItWasLookedFor() throws IOException {
    comesFrom("E:/VMs/mail", '/');
    Files.move(at(NAME), folder.resolve("away"));
    bench.inventory.openMachine(vbox);

    assertEquals(MediumState.INACCESSIBLE, bench.inventory.refreshState(base));
    String why = bench.medium(base).accessError();
    assertTrue(why.contains("E:/VMs/mail/" + NAME + "', a path of Windows"), why);
    assertTrue(why.contains(at("").toString()), why);
    assertTrue(
        bench.inventory.remarks(machine).stream()
            .anyMatch(remark -> remark.contains("'" + NAME + "' is not in")));

    Files.move(folder.resolve("away"), at(NAME));
    assertEquals(MediumState.CREATED, bench.inventory.refreshState(base));
  }

  @Test
  void anotherDiskOfThatNameIsNotTaken() throws IOException {
    comesFrom("E:/VMs/mail", '/');
    Files.delete(at(NAME));
    MediumId other = bench.disk("other");
    Files.move(bench.medium(other).location(), at(NAME));

    bench.inventory.openMachine(vbox);

    assertEquals(MediumState.INACCESSIBLE, bench.inventory.refreshState(base));
    assertTrue(bench.medium(base).accessError().contains(other.toString()));
  }

  @Test
  void aMissingDiskOfThisSystemKeepsItsPlace() throws IOException {
    comesFrom("/no/such", '/');
    Files.delete(at(NAME));
    bench.inventory.openMachine(vbox);

    assertEquals("/no/such/" + NAME, bench.medium(base).location().toString());
    assertEquals(MediumState.INACCESSIBLE, bench.inventory.refreshState(base));
    String why = bench.medium(base).accessError();
    assertTrue(why.contains("no file '" + NAME + "' with its uuid in " + at("")), why);
  }

  @Test
  void aDriveOfWindowsIsNoFolder() throws IOException {
    String drive =
        Files.readString(vbox)
            .replaceAll("(?s)(type=\"DVD\"[^>]*>)\\s*<Image[^>]*/>", "$1<HostDrive src=\"E:\"/>");
    Files.writeString(vbox, drive);
    bench.inventory.openMachine(vbox);
    String session = bench.lock(machine);
    bench.inventory.takeSnapshot(session, "S2", "");

    assertTrue(Files.readString(vbox).contains("<HostDrive src=\"E:\"/>"));
    MediumId host = bench.machine(machine).working().attachment(new Slot("IDE", 1, 0)).medium();
    bench.inventory.refreshState(host);
    String why = bench.medium(host).accessError();
    assertTrue(why.contains("'E:' is a drive of Windows"), why);
    assertFalse(Files.exists(at("E:")));
  }

  // ---- several machines

  @Test
  void discsThatTwoMachinesNameOnWindowsAreOneInEitherOrder() throws IOException {
    comesFrom("E:/VMs/mail", '/');
    Path disc = at("cd.iso");
    Path away = Files.createDirectory(folder.resolve("there"));
    Path twin = away.resolve("twin.vbox");
    Files.writeString(
        twin,
        Files.readString(vbox)
            .replace(machine.toString(), "11111111-2222-3333-4444-555555555555")
            .replace("name=\"mail\"", "name=\"twin\"")
            .replaceAll("(?s)<HardDisks>.*</HardDisks>", "")
            .replaceAll("(?s)<Snapshot .*</Snapshot>", "")
            .replaceAll("(?s)<AttachedDevice[^>]*HardDisk.*?</AttachedDevice>", "")
            .replaceAll("currentSnapshot=\"[^\"]*\"", ""));

    bench.inventory.openMachine(twin);
    bench.inventory.openMachine(vbox);
    MediumId cd = dvd();
    assertEquals(disc, bench.medium(cd).location());

    bench.inventory.close();
    var other = new Bench(Files.createDirectory(folder.resolve("third")));
    other.inventory.openMachine(vbox);
    other.inventory.openMachine(twin);
    assertEquals(disc, other.medium(cd).location());
    other.close();
  }

  private MediumId dvd() {
    return bench.inventory.view().media().values().stream()
        .map(View.MediumView::medium)
        .filter(medium -> medium.device() == DeviceType.DVD)
        .findFirst()
        .orElseThrow()
        .id();
  }
}
