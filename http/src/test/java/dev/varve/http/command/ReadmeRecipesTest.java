package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows of a running server works as it stands there. */
class ReadmeRecipesTest {

  private static final String STATE = "~/.local/state/varve";

  @TempDir Path folder;

  @Test
  @NeedsTools({"bash", "curl"})
  void theCurlRecipeMakesAMachineAndServesItsDisk() throws Exception {
    Path state = folder.resolve("state");
    try (var server =
        VarveProcess.start(folder, "serve", "--state", state.toString(), "--api-tcp", "off")) {
      server.line();
      String recipe = blockWith("api()").replace(STATE, "'" + state + "'");

      String said = VarveProcess.tool(folder, "bash", "-euc", recipe);

      assertTrue(said.contains("nbd+unix:///db/SATA/0/0?socket="), said);
      server.terminate();
      assertEquals(0, server.exitStatus());
    }
    try (var check = VarveProcess.start(folder, "image", "check", "db.vdi")) {
      assertEquals(0, check.exitStatus());
    }
  }

  private static String blockWith(String text) throws IOException {
    return Pattern.compile("(?ms)^```sh\n(.*?)^```$")
        .matcher(Files.readString(Path.of("..", "README.md")))
        .results()
        .map(block -> block.group(1))
        .filter(block -> block.contains(text))
        .findFirst()
        .orElseThrow();
  }
}
