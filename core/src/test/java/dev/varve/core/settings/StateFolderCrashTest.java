package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.Steps;
import dev.varve.core.journal.Troubles;
import dev.varve.core.medium.Image;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.MediumId;
import dev.varve.core.settings.StateFolder.Change;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ends the program before every single step that changes the disk, opens the folder again, ends
 * that before every step too, and looks at what is there.
 */
class StateFolderCrashTest {

  private static final MediumId MADE =
      new MediumId(UUID.fromString("aaaaaaaa-2222-3333-4444-555555555555"));

  /** The end of the program. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Lets so many steps pass. */
  private static final class Countdown implements Steps {
    private final int kill;
    private int seen;

    Countdown(int kill) {
      this.kill = kill;
    }

    @Override
    public void before(String step) {
      if (seen++ >= kill) throw new Killed();
    }
  }

  /** What is done with an open folder in which two machines and three images lie. */
  private interface Deed {
    void in(StateFolder folder, Path place) throws IOException;
  }

  private @TempDir Path temporary;

  // ---- deeds

  /** A merge in the background, an attach that is not saved, and a commit of two machines. */
  private static void commit(StateFolder folder, Path place) throws IOException {
    folder.begin(Map.of(), "merge S1");
    Path attached = place.resolve("attached.vdi");
    folder.begin(Map.of(attached, MADE), "");
    Files.writeString(attached, MADE.toString());
    Path taken = place.resolve("taken.vdi");
    Change snapshot = folder.begin(Map.of(taken, MADE), "");
    Files.writeString(taken, MADE.toString());
    Samples.commit(
        snapshot,
        List.of(renamed(folder, place, "one"), renamed(folder, place, "two")),
        List.of(file(place, "one"), file(place, "two")),
        List.of(),
        List.of(
            new FileStep.Reparent(
                place.resolve("c.vdi"),
                null,
                new Image(place.resolve("a.vdi"), ImageFormat.VDI, null)),
            new FileStep.Delete(place.resolve("b.vdi"), null)));
  }

  private static void rollBack(StateFolder folder, Path place) throws IOException {
    Path first = place.resolve("first.vdi");
    Path second = place.resolve("second.vdi");
    Change change = folder.begin(Map.of(first, MADE, second, MADE), "import");
    Files.writeString(first, MADE.toString());
    Files.writeString(second, MADE.toString());
    change.rollBack();
  }

  private static MachineSettings renamed(StateFolder folder, Path place, String machine)
      throws IOException {
    MachineSettings settings = folder.read(file(place, machine));
    return Samples.with(settings, Samples.named(settings.machine(), "new " + machine));
  }

  // ---- sentences

  @Test
  void aCommitHappensAsAWholeOrNotAtAll() throws IOException {
    Map<String, String> before = outcome(place("before"), 0, StateFolderCrashTest::commit);
    Map<String, String> after =
        outcome(place("after"), Integer.MAX_VALUE, StateFolderCrashTest::commit);
    assertTrue(after.get("one.vbox").contains("new one"));
    assertTrue(after.get("two.vbox").contains("new two"));
    assertEquals("a.vdi", after.get("c.vdi"));
    assertFalse(after.containsKey("b.vdi"));
    assertTrue(after.containsKey("taken.vdi"));
    assertFalse(before.containsKey("taken.vdi"));
    assertEquals("b.vdi", before.get("c.vdi"));

    int steps = steps(StateFolderCrashTest::commit);
    boolean decided = false;
    int outcomesBefore = 0;
    for (int kill = 0; kill < steps; kill++) {
      Map<String, String> outcome = outcome(place("k" + kill), kill, StateFolderCrashTest::commit);
      if (!decided && outcome.equals(after)) decided = true;
      if (!decided) outcomesBefore++;
      assertEquals(decided ? after : before, outcome, "killed before step " + kill);
    }
    assertTrue(decided && outcomesBefore > 3, steps + " steps, " + outcomesBefore + " undone");
  }

  @Test
  void rollingBackLeavesNothingWhereverItEnds() throws IOException {
    Map<String, String> nothing = outcome(place("none"), 0, (_, _) -> {});
    int steps = steps(StateFolderCrashTest::rollBack);

    for (int kill = 0; kill <= steps; kill++)
      assertEquals(
          nothing,
          outcome(place("k" + kill), kill, StateFolderCrashTest::rollBack),
          "killed before step " + kill);
    assertTrue(steps > 5, steps + " steps");
  }

  @Test
  void aCrashWhileRecoveringIsRecoveredToo() throws IOException {
    Map<String, String> before = outcome(place("before"), 0, StateFolderCrashTest::commit);
    Map<String, String> after =
        outcome(place("after"), Integer.MAX_VALUE, StateFolderCrashTest::commit);
    int steps = steps(StateFolderCrashTest::commit);
    int recoveries = 0;
    for (int kill = 0; kill < steps; kill++) {
      Map<String, String> plain = outcome(place("p" + kill), kill, StateFolderCrashTest::commit);
      for (int again = 0; ; again++) {
        Path place = place("k" + kill + "-" + again);
        kill(place, kill, StateFolderCrashTest::commit);
        boolean ended = !opensWithin(place, again);
        Map<String, String> outcome = look(place);
        assertEquals(plain, outcome, "killed before step " + kill + ", then " + again);
        assertTrue(outcome.equals(before) || outcome.equals(after));
        delete(place);
        if (!ended) break;
        recoveries++;
      }
    }
    assertTrue(recoveries > steps, recoveries + " recoveries were ended");
  }

  @Test
  void aLineIsToldUntilTheChangeEnds() throws IOException {
    int steps = steps(StateFolderCrashTest::commit);
    for (int kill = 0; kill < steps; kill++) {
      Path place = place("k" + kill);
      kill(place, kill, StateFolderCrashTest::commit);
      boolean begun = Files.exists(place.resolve("state/journal/1.change"));
      try (StateFolder folder = StateFolder.open(place.resolve("state"), new LineImages())) {
        assertEquals(begun ? List.of("merge S1") : List.of(), folder.contents().unfinished());
      }
    }
  }

  @Test
  void aDiskThatFailsBeforeTheDecisionLeavesEverythingAsItWas() throws IOException {
    Map<String, String> before = look(place("before"));
    for (String broken : List.of("two.vbox", "varve.xml", ".change")) {
      Path place = place("p" + broken);
      Steps failing =
          step -> {
            if (step.startsWith("write ") && step.contains(broken))
              throw new IOException("No space left on device");
          };
      try (StateFolder folder =
          Samples.open(place.resolve("state"), new LineImages(), Troubles.UNHEARD, failing)) {
        MachineSettings one = renamed(folder, place, "one");
        MachineSettings two = renamed(folder, place, "two");
        Change change = folder.begin(Map.of(), "");
        var full =
            assertThrows(
                IOException.class,
                () ->
                    Samples.commit(
                        change,
                        List.of(one, two),
                        List.of(file(place, "one")),
                        List.of(),
                        List.of()));
        assertEquals("No space left on device", full.getMessage());
        assertEquals(2, folder.contents().machines().size());
        change.rollBack();
        assertEquals(before, files(place), broken);
      }
      assertEquals(before, look(place), broken);
    }
  }

  // ---- what there is

  /** Two listed machines, and images of which each is on the one before. */
  private Path place(String name) throws IOException {
    Path place = Files.createDirectories(temporary.resolve(name));
    for (String machine : List.of("one", "two")) {
      String text = Samples.text(Samples.ATTACHED);
      if (machine.equals("two")) text = text.replace("d753a53c", "e753a53c");
      Files.createDirectories(place.resolve(machine));
      Files.writeString(file(place, machine), text);
    }
    Files.writeString(place.resolve("a.vdi"), "");
    Files.writeString(place.resolve("b.vdi"), "a.vdi");
    Files.writeString(place.resolve("c.vdi"), "b.vdi");
    try (StateFolder folder = StateFolder.open(place.resolve("state"), new LineImages())) {
      Samples.commit(
          folder.begin(Map.of(), ""),
          List.of(),
          List.of(file(place, "one"), file(place, "two")),
          List.of(),
          List.of());
    }
    return place;
  }

  private static Path file(Path place, String machine) {
    return place.resolve(machine).resolve(machine + ".vbox");
  }

  private int steps(Deed deed) throws IOException {
    Path place = place("steps");
    var counter = new Countdown(Integer.MAX_VALUE);
    try (StateFolder folder =
        Samples.open(place.resolve("state"), new LineImages(), Troubles.UNHEARD, counter)) {
      deed.in(folder, place);
    }
    delete(place);
    return counter.seen;
  }

  private static void kill(Path place, int kill, Deed deed) throws IOException {
    try (StateFolder folder =
        Samples.open(
            place.resolve("state"), new LineImages(), Troubles.UNHEARD, new Countdown(kill))) {
      deed.in(folder, place);
    } catch (Killed e) {
      // The process is gone; nothing more was done.
    }
  }

  private static boolean opensWithin(Path place, int steps) throws IOException {
    try (StateFolder _ =
        Samples.open(
            place.resolve("state"), new LineImages(), Troubles.UNHEARD, new Countdown(steps))) {
      return true;
    } catch (Killed e) {
      return false;
    }
  }

  private static Map<String, String> outcome(Path place, int kill, Deed deed) throws IOException {
    kill(place, kill, deed);
    Map<String, String> outcome = look(place);
    delete(place);
    return outcome;
  }

  /** All that counts, by file name, after the folder was opened and closed. */
  private static Map<String, String> look(Path place) throws IOException {
    try (StateFolder folder = StateFolder.open(place.resolve("state"), new LineImages())) {
      for (Path machine : folder.contents().machines()) folder.read(machine);
    }
    return files(place);
  }

  private static Map<String, String> files(Path place) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith("-prev") || name.endsWith("lock") || name.endsWith(".change")) continue;
        found.put(name, Files.readString(file).replace(place + "/", ""));
      }
    }
    return found;
  }

  private static void delete(Path place) throws IOException {
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
