package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.Kept;
import dev.varve.core.journal.Steps;
import dev.varve.core.journal.Troubles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another program writes a machine's settings file while, or after, Varve was saving it. */
class OtherWriterTest {

  private static final String THEIRS = "RAMSize=\"7777\"";
  private static final String OURS = "name=\"ours\"";

  /** The end of the program. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  /** Does something before one step. */
  private static final class At implements Steps {
    private final int step;
    private final Deed deed;
    private int seen;

    At(int step, Deed deed) {
      this.step = step;
      this.deed = deed;
    }

    @Override
    public void before(String name) throws IOException {
      if (seen++ == step) deed.run();
    }
  }

  private interface Deed {
    void run() throws IOException;
  }

  private @TempDir Path temporary;

  // ---- after a kill

  @Test
  void whatAnotherProgramWroteBetweenAKillAndTheNextStartStays() throws IOException {
    int keptBoth = 0;
    for (int kill = 0; kill < steps(); kill++) {
      Path place = place("k" + kill);
      kill(place, kill);

      write(settings(place));
      open(place).close();

      assertTrue(Files.readString(settings(place)).contains(THEIRS), "killed before step " + kill);
      boolean merged = Files.readString(settings(place)).contains(OURS);
      if (!merged && !kept(place).isEmpty()) {
        keptBoth++;
        assertEquals(1, kept(place).size());
        assertTrue(Files.readString(kept(place).getFirst()).contains(OURS));
      }
      assertEquals(List.of(), journal(place), "the start goes on");
    }
    assertTrue(keptBoth > 1, keptBoth + " times both were kept");
  }

  @Test
  void anImageThatTheOtherProgramsFileListsIsNotDeletedAfterAKill() throws IOException {
    for (int kill = 0; kill < steps(); kill++) {
      Path place = place("k" + kill);
      Path listed = place.resolve("listed.vdi");
      Path unlisted = place.resolve("unlisted.vdi");
      Files.writeString(listed, "");
      Files.writeString(unlisted, "");
      kill(place, kill);
      boolean decided = kept(place).isEmpty() && !Files.exists(unlisted);

      Path file = settings(place);
      boolean saved = Files.readString(file).contains(OURS);
      if (!saved) {
        String theirs = Files.readString(file).replace("/vm/samp/d/B.vdi", listed.toString());
        replace(file, theirs.replaceFirst("RAMSize=\"\\d+\"", THEIRS));
      }
      open(place).close();

      if (!saved && !decided) assertTrue(Files.exists(listed), "killed before step " + kill);
      if (!kept(place).isEmpty()) assertFalse(Files.exists(unlisted), "of nobody, and deleted");
    }
  }

  @Test
  void aKillWhileBothAreKeptKeepsOursOnce() throws IOException {
    for (int kill = 0; kill < steps(); kill++)
      for (int again = 0; again < 12; again++) {
        Path place = place("k" + kill + "-" + again);
        kill(place, kill);
        write(settings(place));

        try {
          Samples.open(
                  place.resolve("state"),
                  new LineImages(),
                  Troubles.UNHEARD,
                  new At(
                      again,
                      () -> {
                        throw new Killed();
                      }))
              .close();
        } catch (Killed e) {
          // and opened again
        }
        open(place).close();

        assertTrue(Files.readString(settings(place)).contains(THEIRS));
        assertTrue(kept(place).size() <= 1, () -> "kept: " + kept(place));
      }
  }

  @Test
  void aFileThatWasDeletedBetweenAKillAndTheNextStartIsNotMadeAgain() throws IOException {
    int keptOurs = 0;
    for (int kill = 0; kill < steps(); kill++) {
      Path place = place("k" + kill);
      kill(place, kill);

      Files.delete(settings(place));
      open(place).close();

      assertFalse(Files.exists(settings(place)), "killed before step " + kill);
      if (!kept(place).isEmpty()) keptOurs++;
    }
    assertTrue(keptOurs > 1, keptOurs + " times ours was kept");
  }

  @Test
  void whatVirtualBoxReplacedInGoodOrderIsNotKeptBeside() throws IOException {
    Path place = place("p");
    kill(place, steps() - 1); // all is in place, and the journal has it still
    Path file = settings(place);
    assertTrue(Files.readString(file).contains(OURS));

    Files.copy(
        file,
        file.resolveSibling(file.getFileName() + "-prev"),
        StandardCopyOption.REPLACE_EXISTING);
    write(file);
    open(place).close();

    assertTrue(Files.readString(file).contains(THEIRS));
    assertEquals(List.of(), kept(place));
  }

  // ---- while it is being saved

  @Test
  void whatAnotherProgramWritesWhileVarveSavesIsNeverLost() throws IOException {
    for (int step = 0; step < steps(); step++) {
      Path place = place("s" + step);
      Path file = settings(place);

      try (StateFolder folder =
          Samples.open(
              place.resolve("state"),
              new LineImages(),
              Troubles.UNHEARD,
              new At(step, () -> write(file)))) {
        save(folder, place);
      } catch (IOException e) {
        // It is refused, or kept.
      }

      assertTrue(holds(place, THEIRS), "written before step " + step);
    }
  }

  @Test
  void whatAnotherProgramWritesInTheVeryMomentOfTheExchangeStays() throws IOException {
    Path place = place("p");
    LineImages images = writtenInTheExchange(place);

    try (StateFolder folder =
        Samples.open(place.resolve("state"), images, Troubles.UNHEARD, Steps.UNHEARD)) {
      save(folder, place);
    }

    assertTrue(Files.readString(settings(place)).contains(THEIRS));
    assertEquals(1, kept(place).size());
    assertTrue(Files.readString(kept(place).getFirst()).contains(OURS));
    try (Stream<Path> files = Files.list(place.resolve("vm"))) {
      assertEquals(
          List.of(), files.filter(file -> file.toString().endsWith(".varve-swap")).toList());
    }
  }

  @Test
  void aKillAfterTheExchangeOfWhatAnotherProgramWroteLosesNothing() throws IOException {
    for (int kill = 0; kill < steps() + 3; kill++) {
      Path place = place("k" + kill);
      LineImages images = writtenInTheExchange(place);
      try (StateFolder folder =
          Samples.open(
              place.resolve("state"),
              images,
              Troubles.UNHEARD,
              new At(
                  kill,
                  () -> {
                    throw new Killed();
                  }))) {
        save(folder, place);
      } catch (Killed e) {
        // The process is gone.
      }
      boolean written = Files.readString(settings(place)).contains(THEIRS) || isSwapped(place);

      open(place).close();

      if (written) {
        assertTrue(
            Files.readString(settings(place)).contains(THEIRS), "killed before step " + kill);
        assertTrue(holds(place, OURS), "killed before step " + kill);
      }
      assertFalse(Files.exists(swap(place)), "killed before step " + kill);
    }
  }

  /** Another program writes the settings file, once, while it is exchanged. */
  private static LineImages writtenInTheExchange(Path place) {
    var images = new LineImages();
    images.meanwhile =
        () -> {
          images.meanwhile = () -> {};
          writeUnchecked(settings(place));
        };
    return images;
  }

  private static Path swap(Path place) {
    return place.resolve("vm/mail.vbox.varve-swap");
  }

  private static boolean isSwapped(Path place) throws IOException {
    return Files.exists(swap(place)) && Files.readString(swap(place)).contains(THEIRS);
  }

  private static boolean holds(Path place, String text) throws IOException {
    if (Files.readString(settings(place)).contains(text)) return true;
    for (Path kept : kept(place)) if (Files.readString(kept).contains(text)) return true;
    return false;
  }

  // ---- what there is

  private static void save(StateFolder folder, Path place) throws IOException {
    MachineSettings settings = folder.read(settings(place));
    Samples.commit(
        folder.begin(Map.of(), ""),
        List.of(Samples.with(settings, Samples.named(settings.machine(), "ours"))),
        List.of(settings(place)),
        List.of(),
        List.of(
            new FileStep.Delete(place.resolve("listed.vdi"), null),
            new FileStep.Delete(place.resolve("unlisted.vdi"), null)));
  }

  private static void kill(Path place, int step) throws IOException {
    try (StateFolder folder =
        Samples.open(
            place.resolve("state"),
            new LineImages(),
            Troubles.UNHEARD,
            new At(
                step,
                () -> {
                  throw new Killed();
                }))) {
      save(folder, place);
    } catch (Killed e) {
      // The process is gone.
    }
  }

  private int steps() throws IOException {
    Path place = place("steps");
    var counter = new At(-1, () -> {});
    try (StateFolder folder =
        Samples.open(place.resolve("state"), new LineImages(), Troubles.UNHEARD, counter)) {
      save(folder, place);
    }
    return counter.seen;
  }

  private static StateFolder open(Path place) throws IOException {
    return StateFolder.open(place.resolve("state"), new LineImages());
  }

  private Path place(String name) throws IOException {
    Path place = temporary.resolve(name);
    Files.createDirectories(place.resolve("vm"));
    replace(settings(place), Samples.text(Samples.ATTACHED));
    try (StateFolder folder = open(place)) {
      Samples.commit(
          folder.begin(Map.of(), ""), List.of(), List.of(settings(place)), List.of(), List.of());
    }
    return place;
  }

  private static Path settings(Path place) {
    return place.resolve("vm/mail.vbox");
  }

  private static List<Path> kept(Path place) {
    return Kept.beside(settings(place)).stream().map(Kept::contents).toList();
  }

  /** As programs that take care write: a new file takes the name. */
  private static void write(Path file) throws IOException {
    replace(file, Files.readString(file).replaceFirst("RAMSize=\"\\d+\"", THEIRS));
  }

  private static void writeUnchecked(Path file) {
    try {
      write(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void replace(Path file, String text) throws IOException {
    Path other = file.resolveSibling("other-tmp");
    Files.writeString(other, text);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static List<String> journal(Path place) throws IOException {
    Path journal = place.resolve("state/journal");
    if (!Files.isDirectory(journal)) return List.of();
    try (Stream<Path> files = Files.list(journal)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
