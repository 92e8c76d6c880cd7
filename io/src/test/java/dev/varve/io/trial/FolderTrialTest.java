package dev.varve.io.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.varve.core.testing.NeedsTools;
import dev.varve.io.trial.FolderTrial.Ability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderTrialTest {

  @TempDir Path folder;

  @Test
  void anOrdinaryFolderCanDoWhatImagesNeedAndIsEmptyAfterwards() throws IOException {
    FolderTrial trial = FolderTrial.of(folder);

    for (Ability ability :
        List.of(Ability.NEW_FILE, Ability.WRITE, Ability.SYNC, Ability.HOLES, Ability.LOCKS))
      assertNull(trial.failure(ability), ability::name);
    assertEmpty(folder);
  }

  @Test
  void aFolderThatIsNotThereTakesNoFile() {
    assertNotNull(FolderTrial.of(folder.resolve("no")).failure(Ability.NEW_FILE));
  }

  @Test
  @NeedsTools({"mkfs.xfs", "mount", "umount"})
  void xfsSharesBlocksUnlessItWasMadeWithout() throws Exception {
    Path with = Files.createDirectory(folder.resolve("with"));
    try (var xfs = LoopFolder.of(with, "mkfs.xfs", "-q", "-m", "reflink=1")) {
      assertNull(FolderTrial.of(xfs.path()).failure(Ability.REFLINKS));
      assertEmpty(xfs.path());
    }
    Path without = Files.createDirectory(folder.resolve("without"));
    try (var xfs = LoopFolder.of(without, "mkfs.xfs", "-q", "-m", "reflink=0")) {
      FolderTrial trial = FolderTrial.of(xfs.path());
      assertNotNull(trial.failure(Ability.REFLINKS));
      assertNull(trial.failure(Ability.DIRECT_IO));
      assertNull(trial.failure(Ability.HOLES));
    }
  }

  @Test
  @NeedsTools({"mount", "umount"})
  void ramfsHasNoHoles() throws Exception {
    try (var ramfs = LoopFolder.inMemory(folder, "ramfs", "mode=700")) {
      FolderTrial trial = FolderTrial.of(ramfs.path());

      assertNotNull(trial.failure(Ability.HOLES));
      assertNotNull(trial.failure(Ability.RESERVE));
      assertNull(trial.failure(Ability.LOCKS));
      assertEmpty(ramfs.path());
    }
  }

  @Test
  @NeedsTools({"mount", "umount"})
  void aReadOnlyFileSystemTakesNoFileAndAFullOneNoBytes() throws Exception {
    Path one = Files.createDirectory(folder.resolve("one"));
    try (var tmpfs = LoopFolder.inMemory(one, "tmpfs", "ro")) {
      assertNotNull(FolderTrial.of(tmpfs.path()).failure(Ability.NEW_FILE));
    }
    Path other = Files.createDirectory(folder.resolve("other"));
    try (var tmpfs = LoopFolder.inMemory(other, "tmpfs", "size=64k")) {
      assertNotNull(FolderTrial.of(tmpfs.path()).failure(Ability.WRITE));
      assertEmpty(tmpfs.path());
    }
  }

  private static void assertEmpty(Path folder) throws IOException {
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }
}
