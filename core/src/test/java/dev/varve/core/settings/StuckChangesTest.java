package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.Kept;
import dev.varve.core.journal.Troubles;
import dev.varve.core.journal.UndecidedException;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.Medium;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.core.settings.StateFolder.Change;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A step of a change fails: it is told, tried again, and stands in the way of nothing. */
class StuckChangesTest {

  private static final MediumId MADE =
      new MediumId(UUID.fromString("aaaaaaaa-2222-3333-4444-555555555555"));
  private static final MediumId OTHER =
      new MediumId(UUID.fromString("bbbbbbbb-2222-3333-4444-555555555555"));

  private @TempDir Path place;

  /** What fails, by the beginning of its step and a part of the rest; and how. */
  private final Map<String, String> faults = new LinkedHashMap<>();

  private int faultsLeft = Integer.MAX_VALUE;
  private Map<Path, String> stuck = Map.of();
  private final List<Kept> kept = new ArrayList<>();
  private Path a;
  private Path b;
  private Path c;
  private StateFolder folder;

  /** Two listed machines, and images of which each is on the one before. */
  @BeforeEach
  void open() throws IOException {
    for (String machine : List.of("one", "two")) {
      String text = Samples.text(Samples.ATTACHED);
      if (machine.equals("two")) text = text.replace("d753a53c", "e753a53c");
      Files.createDirectories(place.resolve(machine));
      Files.writeString(file(machine), text);
    }
    a = Files.writeString(place.resolve("a.vdi"), "");
    b = Files.writeString(place.resolve("b.vdi"), a.toString());
    c = Files.writeString(place.resolve("c.vdi"), b.toString());
    folder = openFolder();
    commit(List.of());
  }

  private StateFolder openFolder() throws IOException {
    var heard =
        new Troubles() {
          @Override
          public void stuck(Map<Path, String> files) {
            stuck = files;
          }

          @Override
          public void kept(Kept pair) {
            kept.add(pair);
          }
        };
    return Samples.open(place.resolve("state"), new LineImages(), heard, this::before);
  }

  private void before(String step) throws IOException {
    for (var fault : faults.entrySet()) {
      String[] words = fault.getKey().split(" \\.\\. ");
      boolean meant = step.startsWith(words[0]) && step.contains(words[words.length - 1]);
      if (meant && faultsLeft-- > 0) throw new IOException(fault.getValue());
    }
  }

  @AfterEach
  void close() throws IOException {
    folder.close();
  }

  private void reopen() throws IOException {
    folder.close();
    folder = openFolder();
  }

  // ---- any step

  @ParameterizedTest
  @CsvSource({
    "replace .. one.vbox, one.vbox, No space left on device",
    "replace .. one.vbox, one.vbox, Permission denied",
    "replace .. one.vbox, one.vbox, Input/output error",
    "sync folder of .. one.vbox, one.vbox, Input/output error",
    "replace .. varve.xml, varve.xml, Input/output error",
    "make .. the parent of .. c.vdi, c.vdi, No space left on device",
    "make .. the parent of .. c.vdi, c.vdi, Permission denied",
    "make .. a.vdi a base, a.vdi, Input/output error",
    "delete .. b.vdi, b.vdi, Permission denied",
    "delete .. b.vdi, b.vdi, Input/output error",
    "end change, change, Permission denied",
  })
  void aStepThatFailsStandsInTheWayOfNothingAndIsDoneWhenItCanBe(
      String step, String subject, String fault) throws IOException {
    faults.put(step, fault);

    changeAll("new");

    assertEquals(1, stuck.size(), stuck::toString);
    assertTrue(stuck.keySet().iterator().next().toString().endsWith(subject), stuck::toString);
    assertTrue(stuck.values().iterator().next().contains(fault), stuck::toString);
    assertEquals("new one", folder.read(file("one")).machine().name());

    commit(List.of(renamed("two", "newer")), List.of(medium(place.resolve("global.vdi"))));
    assertEquals("newer two", named(Files.readString(file("two"))));
    reopen();
    assertEquals(1, stuck.size(), stuck::toString);
    assertEquals("new one", folder.read(file("one")).machine().name());
    assertEquals("newer two", folder.read(file("two")).machine().name());

    faults.clear();
    folder.retry();
    assertEquals(Map.of(), stuck);
    assertEquals("new one", named(Files.readString(file("one"))));
    assertEquals("newer two", named(Files.readString(file("two"))));
    assertEquals(a.toString(), LineImages.parentOf(c));
    assertFalse(Files.exists(b));
    assertEquals(List.of(), journal());
  }

  @Test
  void keepingThePreviousSettingsIsNotWorthStoppingFor() throws IOException {
    faults.put("keep .. one.vbox-prev", "No space left on device");

    changeAll("new");

    assertEquals(Map.of(), stuck);
    assertEquals("new one", named(Files.readString(file("one"))));
    assertEquals(List.of(), journal());
  }

  @Test
  void imagesStayAsTheOldSettingsNeedThemUntilTheNewOnesAreInPlace() throws IOException {
    faults.put("replace .. one.vbox", "Permission denied");

    changeAll("new");

    assertTrue(Files.exists(b));
    assertEquals(b.toString(), LineImages.parentOf(c));
  }

  @Test
  void anImageStaysUntilNoneSaysAnyMoreThatItBuildsOnIt() throws IOException {
    faults.put("make .. the parent of .. c.vdi", "Permission denied");

    changeAll("new");

    assertTrue(Files.exists(b));
  }

  // ---- what is obsolete

  @ParameterizedTest
  @ValueSource(strings = {"none", "write .. change.varve-new", "end change"})
  void settingsThatWaitGiveWayToNewerOnes(String another) throws IOException {
    faults.put("replace .. one.vbox", "Permission denied");
    changeAll("old");
    faults.clear();
    faults.put("delete .. b.vdi", "Permission denied"); // so that the first change goes on
    Change newer = folder.begin(Map.of(), "");
    StateFolder.Prepared prepared =
        newer.prepare(
            List.of(renamed("one", "new")), machines(), folder.contents().globalMedia(), List.of());
    prepared.decide();
    faults.put(another, "Input/output error");
    prepared.carryOut();
    assertEquals("new one", folder.read(file("one")).machine().name());

    reopen();
    reopen();

    assertEquals("new one", named(Files.readString(file("one"))));
    faults.clear();
    reopen();
    assertEquals("new one", named(Files.readString(file("one"))));
    assertFalse(Files.exists(b));
    assertEquals(List.of(), journal());
  }

  @Test
  void aFileThatTookTheNameOfADeletedImageStays() throws IOException {
    faults.put("delete .. b.vdi", "Permission denied");
    commit(List.of(), List.of(), new FileStep.Delete(b, MADE));
    assertEquals(1, stuck.size());
    Files.delete(b);
    Files.writeString(b, OTHER.toString());

    stuck = Map.of();
    reopen();
    faults.clear();
    folder.retry();

    assertEquals(Map.of(), stuck);
    assertEquals(OTHER.toString(), Files.readString(b));
    assertEquals(List.of(), journal());
  }

  @Test
  void aCopyOfADeletedImageInItsPlaceIsDeletedAsTheImageWouldBe() throws IOException {
    Files.writeString(b, MADE.toString());
    faults.put("delete .. b.vdi", "Permission denied");
    commit(List.of(), List.of(), new FileStep.Delete(b, MADE));
    Path copy = Files.writeString(place.resolve("copy"), MADE.toString());
    Files.delete(b);
    Files.move(copy, b);

    faults.clear();
    folder.retry();

    assertFalse(Files.exists(b));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anImageThatIsAMediumAgainStays(boolean restart) throws IOException {
    faults.put("delete .. b.vdi", "Permission denied");
    commit(List.of(), List.of(), new FileStep.Delete(b, MADE));
    commit(List.of(), List.of(medium(b)));
    if (restart) reopen();

    faults.clear();
    folder.retry();

    assertEquals(Map.of(), stuck);
    assertTrue(Files.exists(b));
    assertEquals(List.of(), journal());
  }

  @Test
  void anImageThatIsDeletedNeedsNoParentAnyMore() throws IOException {
    faults.put("make .. the parent of .. c.vdi", "Permission denied");
    commit(
        List.of(), List.of(), new FileStep.Reparent(c, null, new Image(a, ImageFormat.VDI, null)));

    commit(List.of(), List.of(), new FileStep.Delete(c, null));

    assertEquals(Map.of(), stuck);
    assertFalse(Files.exists(c));
    assertEquals(List.of(), journal());
  }

  @Test
  void anImageThatIsAwayGetsItsParentWhenItIsBackAndIsGivenUpWhenItIsNoMedium() throws IOException {
    Path away = place.resolve("away");
    Files.move(c, away);
    commit(
        List.of(),
        List.of(medium(c)),
        new FileStep.Reparent(c, null, new Image(a, ImageFormat.VDI, null)));
    assertEquals(List.of(c), List.copyOf(stuck.keySet()));
    Files.move(away, c);
    folder.retry();
    assertEquals(a.toString(), LineImages.parentOf(c));
    assertEquals(Map.of(), stuck);

    Files.move(c, away);
    commit(List.of(), List.of(medium(c)), new FileStep.MakeBase(c, null));
    assertEquals(List.of(c), List.copyOf(stuck.keySet()));
    commit(List.of(), List.of());

    assertEquals(Map.of(), stuck);
    assertEquals(List.of(), journal());
  }

  // ---- what people and other programs do

  @Test
  void aFolderThatIsAwayIsNotMadeAnew() throws IOException {
    Path away = place.resolve("away");
    faults.put("replace .. one.vbox", "Input/output error");
    commit(List.of(renamed("one", "new")));
    faults.clear();
    Files.move(place.resolve("one"), away);

    reopen();

    assertFalse(Files.exists(place.resolve("one")));
    assertEquals(List.of(file("one")), List.copyOf(stuck.keySet()));
    Files.move(away, place.resolve("one"));
    folder.retry();
    assertEquals(Map.of(), stuck);
    assertEquals("new one", named(Files.readString(file("one"))));
  }

  @Test
  void aFolderInTheFilesPlaceIsNamedAndTheFileTakesItsPlaceWhenItHasGone() throws IOException {
    faults.put("replace .. one.vbox", "Input/output error");
    commit(List.of(renamed("one", "new")));
    faults.clear();
    Path old = place.resolve("old");
    Files.move(file("one"), old);
    Files.createDirectories(file("one").resolve("x"));

    reopen();

    assertTrue(stuck.get(file("one")).contains("it is a folder"), stuck::toString);
    Files.delete(file("one").resolve("x"));
    Files.delete(file("one"));
    Files.move(old, file("one"));
    folder.retry();
    assertEquals("new one", named(Files.readString(file("one"))));
    assertEquals(Map.of(), stuck);
  }

  @Test
  void whatAnotherProgramWroteMeanwhileStaysAndOursLiesBesideIt() throws IOException {
    faults.put("replace .. one.vbox", "Permission denied");
    changeAll("new");
    String theirs = Samples.text(Samples.ATTACHED).replace("a1-sample", "theirs");
    Files.writeString(file("one"), theirs.replace("/vm/samp/d/B.vdi", b.toString()));
    theirs = Files.readString(file("one"));
    faults.clear();

    folder.retry();

    Path ours = file("one").resolveSibling("one.vbox.varve-kept");
    assertEquals(List.of(new Kept(file("one"), ours)), kept);
    assertEquals(theirs, Files.readString(file("one")));
    assertEquals("new one", named(Files.readString(ours)));
    assertEquals(Map.of(), stuck);
    assertTrue(Files.exists(b), "their settings list it");
    assertEquals(List.of(), journal());
    reopen();
    assertEquals(theirs, Files.readString(file("one")));
  }

  // ---- what is undone

  @Test
  void whatCannotBeDeletedOfAChangeThatDoesNotHappenIsDeletedLater() throws IOException {
    Path made = place.resolve("made.vdi");
    faults.put("delete .. made.vdi", "Permission denied");
    Change change = folder.begin(Map.of(made, MADE), "import");
    Files.writeString(made, MADE.toString());

    change.rollBack();

    assertEquals(List.of(made), List.copyOf(stuck.keySet()));
    commit(List.of(renamed("two", "new")));
    reopen();
    assertEquals(List.of(made), List.copyOf(stuck.keySet()));
    assertEquals(List.of(), folder.contents().unfinished());
    faults.clear();
    folder.retry();
    assertFalse(Files.exists(made));
    assertEquals(Map.of(), stuck);
    assertEquals(List.of(), journal());
  }

  @Test
  void aLineIsBegunAgainAlsoWhileWhatItMadeCannotBeDeleted() throws IOException {
    Path made = place.resolve("made.vdi");
    folder.begin(Map.of(made, MADE), "import");
    Files.writeString(made, MADE.toString());
    faults.put("delete .. made.vdi", "Permission denied");
    reopen();
    assertEquals(List.of("import"), folder.contents().unfinished());

    folder.begin(Map.of(), "import").rollBack();
    reopen();

    assertEquals(List.of(), folder.contents().unfinished());
    assertEquals(List.of(made), List.copyOf(stuck.keySet()));
    faults.clear();
    folder.retry();
    assertFalse(Files.exists(made));
    assertEquals(List.of(), journal());
  }

  // ---- the decision

  @Test
  void aDecisionThatTheDiskDoesNotMakeDurableIsTakenBackAtOnce() throws IOException {
    String before = Files.readString(file("one"));
    Change change = folder.begin(Map.of(), "");
    StateFolder.Prepared prepared =
        change.prepare(List.of(renamed("one", "x")), machines(), List.of(), List.of());
    faults.put("sync folder of .. 2.change", "Input/output error");
    faultsLeft = 1;

    var failed = assertThrows(IOException.class, prepared::decide);

    assertEquals("the disk failed: Input/output error", failed.getMessage());
    change.rollBack();
    assertEquals(Map.of(), stuck);
    assertEquals(List.of(), journal());
    assertEquals(before, Files.readString(file("one")));
    commit(List.of(renamed("one", "new")));
    assertEquals("new one", named(Files.readString(file("one"))));
  }

  @ParameterizedTest
  @CsvSource({"replace, true", "replace, false", "sync folder of, true", "sync folder of, false"})
  void whatTheDiskKeepsInDoubtIsTakenBackAsSoonAsItWorksAgain(String step, boolean restart)
      throws IOException {
    String before = Files.readString(file("one"));
    Path made = place.resolve("made.vdi");
    Change change = folder.begin(Map.of(made, MADE), "");
    Files.writeString(made, MADE.toString());
    StateFolder.Prepared prepared =
        change.prepare(List.of(renamed("one", "x")), machines(), List.of(), List.of());
    faults.put(step + " .. 2.change", "Input/output error");

    assertThrows(UndecidedException.class, prepared::decide);

    change.rollBack();
    assertEquals(List.of(change(2)), List.copyOf(stuck.keySet()));
    assertThrows(IOException.class, () -> folder.begin(Map.of(), "other"));
    assertEquals("a1-sample", folder.read(file("one")).machine().name());
    faults.clear();
    if (restart) {
      reopen(); // which finds out whether it was decided
      boolean decided = !Files.readString(file("one")).equals(before);
      assertEquals(decided, Files.exists(made));
      return;
    }
    folder.retry();
    assertEquals(Map.of(), stuck);
    assertEquals(List.of(), journal());
    assertEquals(before, Files.readString(file("one")));
    assertFalse(Files.exists(made));
    commit(List.of(renamed("one", "new")));
    assertEquals("new one", named(Files.readString(file("one"))));
  }

  @Test
  void anIntentThatTheDiskDoesNotMakeDurableIsForgotten() throws IOException {
    faults.put("sync folder of .. 2.change", "Input/output error");

    assertThrows(IOException.class, () -> folder.begin(Map.of(), "merge"));

    assertEquals(List.of(), journal());
    faults.clear();
    reopen();
    assertEquals(List.of(), folder.contents().unfinished());
  }

  // ---- a damaged journal

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 8, 20, -1})
  void aDamagedJournalIsSetAsideAndTold(int at) throws IOException {
    Path made = place.resolve("made.vdi");
    folder.begin(Map.of(made, MADE), "merge");
    Files.writeString(made, MADE.toString());
    folder.close();
    byte[] bytes = Files.readAllBytes(change(2));
    bytes[at < 0 ? bytes.length + at : at] ^= 1;
    Files.write(change(2), bytes);

    folder = openFolder();

    Path aside = place.resolve("state/journal/2.change.damaged");
    assertEquals(List.of(aside), List.copyOf(stuck.keySet()));
    assertArrayEquals(bytes, Files.readAllBytes(aside));
    assertTrue(Files.exists(made));
    assertEquals(List.of(), folder.contents().unfinished());
    changeAll("new");
    assertEquals("new one", named(Files.readString(file("one"))));
    reopen();
    assertEquals(List.of(aside), List.copyOf(stuck.keySet()));
    assertArrayEquals(bytes, Files.readAllBytes(aside));

    Files.delete(aside);
    folder.retry();
    assertEquals(Map.of(), stuck);
  }

  @Test
  void aJournalThatWasCutAnywhereIsSetAside() throws IOException {
    folder.begin(Map.of(place.resolve("made.vdi"), MADE), "merge");
    folder.close();
    byte[] bytes = Files.readAllBytes(change(2));
    Files.delete(change(2));
    for (int length = 0; length < bytes.length; length++) {
      Files.write(change(1000 + length), Arrays.copyOf(bytes, length));
    }

    folder = openFolder();

    assertEquals(bytes.length, stuck.size());
    assertTrue(stuck.keySet().stream().allMatch(file -> file.toString().endsWith(".damaged")));
  }

  @Test
  void aJournalOfALaterVersionSaysWhichItHas() throws IOException {
    folder.begin(Map.of(), "merge");
    folder.close();
    byte[] bytes = Files.readAllBytes(change(2));
    bytes[7] = '9';
    Files.write(change(2), bytes);

    folder = openFolder();

    String told = stuck.values().iterator().next();
    assertTrue(told.contains("it has version 9, and this Varve knows 1 to 5"), told);
  }

  // ---- what there is

  /** Changes both machines and the list, and merges b into c. */
  private void changeAll(String name) throws IOException {
    commit(
        List.of(renamed("one", name), renamed("two", name)),
        List.of(medium(place.resolve("global.vdi"))),
        new FileStep.Reparent(c, null, new Image(a, ImageFormat.VDI, null)),
        new FileStep.MakeBase(a, null),
        new FileStep.Delete(b, null));
  }

  private void commit(List<MachineSettings> saved) throws IOException {
    commit(saved, List.of());
  }

  private void commit(List<MachineSettings> saved, List<Medium> media, FileStep... steps)
      throws IOException {
    Samples.commit(folder.begin(Map.of(), ""), saved, machines(), media, List.of(steps));
  }

  private List<Path> machines() {
    return List.of(file("one"), file("two"));
  }

  private MachineSettings renamed(String machine, String name) throws IOException {
    MachineSettings settings = folder.read(file(machine));
    return Samples.with(settings, Samples.named(settings.machine(), name + " " + machine));
  }

  private static String named(String settings) {
    int from = settings.indexOf(" name=\"") + 7;
    return settings.substring(from, settings.indexOf('"', from));
  }

  private Path file(String machine) {
    return place.resolve(machine).resolve(machine + ".vbox");
  }

  private Path change(int number) {
    return place.resolve("state/journal/" + number + ".change");
  }

  private List<String> journal() throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(place.resolve("state/journal"))) {
      files.forEach(file -> names.add(file.getFileName().toString()));
    }
    return names;
  }

  private static Medium medium(Path location) {
    return new Medium(
        MADE,
        location,
        ImageFormat.VDI,
        DeviceType.HARD_DISK,
        MediumType.NORMAL,
        MediumVariant.STANDARD,
        null,
        0,
        false,
        Set.of(),
        "",
        Map.of(),
        Medium.NOT_CHECKED);
  }
}
