package dev.varve.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.varve.io.file.NewFile.Existing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that appear whole; on file systems with nameless files, and on others. */
final class NewFileTest {

  private enum Kind {
    NAMELESS,
    HIDDEN;

    Draft begin(Path target) throws IOException {
      if (this == HIDDEN) return HiddenDraft.begin(target);
      Draft nameless = NamelessDraft.begin(target);
      assumeTrue(nameless != null, "the file system of the tests has no files without names");
      return nameless;
    }
  }

  @TempDir Path folder;
  private Path target;

  @BeforeEach
  void nameIt() {
    target = folder.resolve("a.raw");
  }

  private static void write(ImageFile file, String text) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      MemorySegment memory = arena.allocate(bytes.length);
      MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
      file.write(0, memory);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDraftThatIsClosedIsGone(Kind kind) throws IOException {
    try (Draft draft = kind.begin(target)) {
      write(draft.contents(), "new");
    }

    assertEquals(List.of(), files());
  }

  @ParameterizedTest
  @EnumSource
  void aDraftGetsANameThatIsFreeAndNoOther(Kind kind) throws IOException {
    try (Draft draft = kind.begin(target)) {
      write(draft.contents(), "new");
      Path taken = Files.writeString(folder.resolve("taken"), "old");

      assertThrows(FileAlreadyExistsException.class, () -> draft.appear(taken));
      draft.appear(target);

      assertEquals("old", Files.readString(taken));
    }
    assertEquals("new", Files.readString(target));
    assertEquals(List.of("a.raw", "taken"), files());
  }

  @ParameterizedTest
  @EnumSource
  void aDraftIsItsOwnersAlone(Kind kind) throws IOException {
    try (Draft draft = kind.begin(target)) {
      draft.appear(target);
    }

    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(target)));
  }

  @ParameterizedTest
  @EnumSource
  void aDraftTakesThePlaceOfAFile(Kind kind) throws IOException {
    Files.writeString(target, "old");
    try (Draft draft = kind.begin(target)) {
      write(draft.contents(), "new");
      draft.replace(target);
    }

    assertEquals("new", Files.readString(target));
    assertEquals(List.of("a.raw"), files());
  }

  @Test
  void aFileBeingMadeHasNoNameThatAKillCouldLeave() throws IOException {
    Kind.NAMELESS.begin(target).close(); // asks whether there are such files
    try (var _ = NewFile.create(target, Existing.REFUSED)) {
      assertEquals(List.of(), files());
    }
  }

  @Test
  void theNextFileOfANameTakesAwayWhatAKillLeftAndNothingThatIsBeingWritten() throws IOException {
    Files.writeString(folder.resolve(".a.raw.4711.part"), "left by a kill");
    Files.writeString(folder.resolve(".b.raw.4711.part"), "of another file");
    try (var living = HiddenDraft.begin(target);
        var made = NewFile.create(target, Existing.REFUSED)) {
      assertTrue(Files.exists(living.place()), "a living process writes it");

      made.publish();
    }

    assertEquals(List.of(".b.raw.4711.part", "a.raw"), files());
  }

  @Test
  void aNameThatAnotherProgramTakesMeanwhileIsLeftToIt() throws IOException {
    try (var made = NewFile.create(target, Existing.REPLACED)) {
      Files.writeString(target, "another's");

      assertThrows(FileAlreadyExistsException.class, made::publish);
    }

    assertEquals("another's", Files.readString(target));
    assertEquals(List.of("a.raw"), files());
  }

  @Test
  void aFolderThatIsNotThereIsCalledSo() {
    Path nowhere = folder.resolve("gone/a.raw");

    IOException failure =
        assertThrows(IOException.class, () -> NewFile.create(nowhere, Existing.REFUSED));

    assertTrue(failure.getMessage().contains("no such folder"), failure.getMessage());
    assertFalse(Files.exists(nowhere.getParent()));
  }
}
