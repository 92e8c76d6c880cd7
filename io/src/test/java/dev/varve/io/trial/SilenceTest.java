package dev.varve.io.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SilenceTest {

  @TempDir Path folder;

  @Test
  void aFolderAFileAndNothingAtAllAnswer() throws IOException {
    Path file = Files.createFile(folder.resolve("-file"));
    for (Path each : List.of(folder, file, folder.resolve("no/such")))
      assertFalse(Silence.isAt(each, Duration.ofSeconds(30)), each::toString);

    assertEquals(List.of(file), contents(folder));
  }

  @Test
  @NeedsTools({"mkfs.ext4", "mount", "umount", "fsfreeze"})
  void aFrozenFileSystemIsSilentUntilItIsThawed() throws Exception {
    try (var ext4 = LoopFolder.of(folder, "mkfs.ext4", "-q")) {
      List<Path> before = contents(ext4.path());
      LoopFolder.run("fsfreeze", "-f", ext4.path().toString());
      try {
        assertTrue(Silence.isAt(ext4.path(), Duration.ofMillis(300)));
      } finally {
        LoopFolder.run("fsfreeze", "-u", ext4.path().toString());
      }

      assertFalse(Silence.isAt(ext4.path(), Duration.ofSeconds(30)));
      while (!contents(ext4.path()).equals(before)) Thread.onSpinWait(); // the first one cleans up
    }
  }

  private static List<Path> contents(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }
}
