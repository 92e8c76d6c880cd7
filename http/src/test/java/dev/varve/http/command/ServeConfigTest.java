package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code varve serve} with a configuration file, in a process of its own. */
class ServeConfigTest {

  @TempDir Path folder;

  private Path state;

  @BeforeEach
  void stateFolder() {
    state = folder.resolve("state");
  }

  @Test
  void aServerIsConfiguredByItsFile() throws Exception {
    configure("state = \"%s\"\napi-tcp = off\nunix = \"%s\"", state, folder.resolve("s"));

    try (var varve = VarveProcess.start(folder, "serve", "--config", "varve.conf")) {
      assertEquals("machines of " + state, varve.line());
      assertTrue(Files.exists(folder.resolve("s")));
      varve.terminate();
      assertEquals(0, varve.exitStatus(), varve::errors);
      assertEquals("", varve.errors());
    }
  }

  @Test
  void theCommandLineCountsMoreThanTheFile() throws Exception {
    configure("state = /nowhere/else\napi-tcp = off\nunix = \"%s\"", folder.resolve("s"));

    try (var varve =
        VarveProcess.start(
            folder, "serve", "--unix=t", "--config=varve.conf", "--state", state.toString())) {
      assertEquals("machines of " + state, varve.line());
      assertTrue(Files.exists(folder.resolve("t")));
      assertFalse(Files.exists(folder.resolve("s")));
    }
  }

  @Test
  void allThatIsWrongWithTheFileIsToldAndNothingStarts() throws Exception {
    configure("state = \"%s\"\ntcp = \"a:b\"\nlog = 1\n", state);

    try (var varve = VarveProcess.start(folder, "serve", "--config", "varve.conf")) {
      assertEquals(1, varve.exitStatus());
      String said = varve.errors();
      assertTrue(said.contains("varve.conf:2: 'tcp' cannot be 'a:b'"), said);
      assertTrue(said.contains("varve.conf:3: there is no key 'log'"), said);
      assertFalse(Files.exists(state));
    }
  }

  private void configure(String text, Object... values) throws IOException {
    Files.writeString(folder.resolve("varve.conf"), text.formatted(values));
  }
}
