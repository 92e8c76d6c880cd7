package dev.varve.http.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFoldersTest {

  @Test
  void whatNamesTheFolderMostCloselyCounts() throws IOException {
    var all = Map.of("VARVE_STATE", "/a", "XDG_STATE_HOME", "/b", "HOME", "/c");

    assertEquals(Path.of("/a"), StateFolders.usual(all, "/d"));
    assertEquals(
        Path.of("/b/varve"),
        StateFolders.usual(Map.of("XDG_STATE_HOME", "/b", "HOME", "/c"), "/d"));
    assertEquals(Path.of("/c/.local/state/varve"), StateFolders.usual(Map.of("HOME", "/c"), "/d"));
    assertEquals(Path.of("/d/.local/state/varve"), StateFolders.usual(Map.of(), "/d"));
    assertEquals(Path.of("/d/.local/state/varve"), StateFolders.usual(Map.of("HOME", ""), "/d"));
  }

  /** "?" is what the JDK says of a user without an entry; a folder of that name was created. */
  @ParameterizedTest
  @ValueSource(strings = {"?", ""})
  void withoutAHomeFolderTheUserIsAskedForTheStateFolder(String listed) {
    var message =
        assertThrows(IOException.class, () -> StateFolders.usual(Map.of(), listed)).getMessage();

    assertTrue(message.contains("set HOME") && message.contains("--state"), message);
  }
}
