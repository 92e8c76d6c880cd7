package dev.varve.http.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the doctor proposes for a file or folder that the server's user may not use. */
class AccessWordsTest {

  private final AccessWords words = new AccessWords("varve");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/etc", "/proc", "/dev", "/dev/null", "/etc/passwd", "/home", "/var/lib"})
  void whatBelongsToTheSystemIsNotGivenAway(String path) {
    assertTrue(AccessWords.isOfSystem(Path.of(path)));
    assertFalse(words.toFolder(Path.of(path)).contains("chown varve " + path + ","));
    assertFalse(words.toFile(Path.of(path)).contains("chown"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/srv/disks", "/home/alice/disks", "/var/lib/varve", "/run/varve"})
  void whatIsBelowIsNotTheSystems(String path) {
    assertFalse(AccessWords.isOfSystem(Path.of(path)));
  }

  @Test
  void theOwnersOwnFolderCanBeGivenToIt() throws IOException {
    String owner = Files.getOwner(folder).getName();

    String said = new AccessWords(owner).toFolder(folder);

    assertEquals("chown %s %s, or chmod it and the folders above".formatted(owner, folder), said);
  }

  @Test
  void aDeviceIsReachedThroughItsGroup() {
    assertTrue(words.toFile(Path.of("/dev/sda")).startsWith("usermod -aG GROUP varve"));
  }
}
