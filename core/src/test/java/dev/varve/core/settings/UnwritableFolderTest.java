package dev.varve.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.journal.FileStep;
import dev.varve.core.journal.Troubles;
import dev.varve.core.medium.MediumId;
import dev.varve.core.medium.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The state folder is full, read-only or gone: what is in it is read, and it says what it lacks.
 */
class UnwritableFolderTest {

  private static final MediumId MADE =
      new MediumId(UUID.fromString("aaaaaaaa-2222-3333-4444-555555555555"));

  private @TempDir Path place;
  private final LineImages images = new LineImages();
  private @Nullable String fault;
  private @Nullable String told;
  private Map<Path, String> stuck = Map.of();
  private StateFolder folder;

  @BeforeEach
  void openWithOneMachine() throws IOException {
    Files.createDirectories(place.resolve("vm"));
    Files.writeString(machine(), Samples.text(Samples.ATTACHED));
    folder = openFolder();
    Samples.commit(folder.begin(Map.of(), ""), List.of(), List.of(machine()), List.of(), List.of());
  }

  private StateFolder openFolder() throws IOException {
    return Samples.open(
        place.resolve("state"),
        images,
        new Troubles() {
          @Override
          public void stuck(Map<Path, String> files) {
            stuck = files;
          }

          @Override
          public void folder(Path of, @Nullable String why) {
            assertEquals(place.resolve("state"), of);
            told = why;
          }
        },
        this::before);
  }

  /** Whatever makes or changes a file of the state folder fails. */
  private void before(String step) throws IOException {
    boolean ours = step.contains(place.resolve("state").toString()) || step.startsWith("end ");
    if (fault != null && ours) throw new IOException(fault);
  }

  @AfterEach
  void close() throws IOException {
    folder.close();
  }

  private Path machine() {
    return place.resolve("vm/one.vbox");
  }

  // ----

  @Test
  void aFolderThatCanBeWrittenIsNoTrouble() {
    assertNull(told);
  }

  @ParameterizedTest
  @ValueSource(strings = {"No space left on device", "Read-only file system", "Permission denied"})
  void itOpensReadsRefusesWhatIsToBeWrittenAndGoesOnWhenItCanBeWritten(String why)
      throws IOException {
    folder.close();
    fault = why;

    folder = openFolder();

    assertTrue(told.contains(why), told);
    assertEquals(List.of(machine()), folder.contents().machines());
    MachineSettings read = folder.read(machine());
    assertThrows(IOException.class, () -> folder.begin(Map.of(place.resolve("x"), MADE), ""));
    StateFolder.Change change = folder.begin(Map.of(), "");
    MachineSettings named = Samples.with(read, Samples.named(read.machine(), "new"));
    List<FileStep> delete = List.of(new FileStep.Delete(place.resolve("y.vdi"), null));
    assertThrows(
        IOException.class,
        () -> Samples.commit(change, List.of(named), List.of(machine()), List.of(), delete));
    change.rollBack();
    assertEquals(read, folder.read(machine()));

    fault = null;
    folder.look();
    assertNull(told);
    Samples.commit(
        folder.begin(Map.of(place.resolve("x"), MADE), ""),
        List.of(named),
        List.of(machine()),
        List.of(),
        List.of());
    assertEquals("new", folder.read(machine()).machine().name());
  }

  @Test
  void aFullFolderIsNoticedWithoutAChange() {
    fault = "No space left on device";
    folder.look();
    assertNull(told, "as long as there seems to be room, nothing is written to find out");

    images.room = new Room(0, Room.UNKNOWN, false);
    folder.look();
    assertTrue(told.contains("No space left on device"), told);

    fault = null;
    images.room = new Room(1 << 20, 3, false); // few files, but enough
    folder.look();
    assertNull(told);
    fault = "No space left on device";
    images.room = new Room(1 << 20, 0, false);
    folder.look();
    assertTrue(told.contains("No space left on device"), told);
  }

  @Test
  void aWriteThatFailsIsToldAlsoIfThereSeemsToBeRoom() {
    fault = "Disk quota exceeded";

    assertThrows(IOException.class, () -> folder.begin(Map.of(), "merge"));

    assertTrue(told.contains("Disk quota exceeded"), told);
    fault = null;
    folder.look();
    assertNull(told);
  }

  @Test
  void whatACrashLeftIsDoneWhenTheFolderCanBeWrittenAgain() throws IOException {
    Path made = Files.writeString(place.resolve("made.vdi"), MADE.toString());
    Files.delete(made);
    folder.begin(Map.of(made, MADE), "merge S1");
    Files.writeString(made, MADE.toString());
    Path gone = Files.writeString(place.resolve("gone.vdi"), "");
    MachineSettings read = folder.read(machine());
    MachineSettings named = Samples.with(read, Samples.named(read.machine(), "new"));
    folder
        .begin(Map.of(), "")
        .prepare(
            List.of(named), List.of(machine()), List.of(), List.of(new FileStep.Delete(gone, null)))
        .decide();
    folder.close();
    fault = "Read-only file system";

    folder = openFolder();

    assertEquals("new", folder.read(machine()).machine().name(), "what is decided counts");
    assertEquals(List.of("merge S1"), folder.contents().unfinished());
    fault = null;
    folder.look();
    folder.retry();
    assertEquals(Map.of(), stuck);
    assertFalse(Files.exists(made));
    assertFalse(Files.exists(gone));
    assertTrue(Files.readString(machine()).contains("name=\"new\""));
  }

  // ---- the lock

  @Test
  void onlyOneProcessWritesAFolderThatWasReadOnlyToBoth() throws IOException {
    folder.close();
    Path copy = place.resolve("lock-of-another");
    fault = "Read-only file system";
    folder = openFolder();
    Files.copy(place.resolve("state/lock"), copy, StandardCopyOption.REPLACE_EXISTING);

    fault = null;
    try (StateFolder _ = StateFolder.open(place.resolve("state"), images)) {
      throw new AssertionError("a reader has the folder");
    } catch (IOException e) {
      assertTrue(e.getMessage().contains("in use by process"), e.getMessage());
    }
    folder.begin(Map.of(), "merge").rollBack();
    assertThrows(IOException.class, () -> StateFolder.open(place.resolve("state"), images).close());
  }

  @Test
  void aFolderWithoutALockThatCannotBeWrittenOpensAllTheSame() throws IOException {
    folder.close();
    Files.delete(place.resolve("state/lock"));
    fault = "No space left on device";

    folder = openFolder();

    assertEquals(List.of(machine()), folder.contents().machines());
    fault = null;
    folder.look();
    assertNull(told);
    assertTrue(Files.exists(place.resolve("state/lock")));
  }

  // ---- gone

  @Test
  void aFolderThatIsRemovedIsNoticedAndNotMadeAgain() throws IOException {
    Path away = place.resolve("away");
    Files.move(place.resolve("state"), away);

    folder.look();

    assertTrue(told.contains("is gone"), told);
    var refused = assertThrows(IOException.class, () -> folder.begin(Map.of(), "merge"));
    assertTrue(refused.getMessage().contains("is gone"), refused.getMessage());
    assertFalse(Files.exists(place.resolve("state")));

    Files.createDirectory(place.resolve("state"));
    folder.look();
    assertTrue(told.contains("is not the folder with which Varve started"), told);
    assertThrows(IOException.class, () -> folder.begin(Map.of(), "merge"));
    try (Stream<Path> files = Files.list(place.resolve("state"))) {
      assertEquals(0, files.count());
    }

    Files.delete(place.resolve("state"));
    Files.move(away, place.resolve("state"));
    folder.look();
    assertNull(told);
    folder.begin(Map.of(), "merge").rollBack();
  }

  @Test
  void aFolderThatIsEmptiedIsNoticed() throws IOException {
    Files.delete(place.resolve("state/lock"));

    folder.look();

    assertTrue(told.contains("was emptied"), told);
    assertThrows(IOException.class, () -> folder.begin(Map.of(), "merge"));
    assertFalse(Files.exists(place.resolve("state/lock")));
  }
}
