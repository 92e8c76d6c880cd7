package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  @Test
  void theTrialRecipeBuildsOnTheYoungestImage() throws Exception {
    Path machine = Files.createDirectories(folder.resolve("mail/Snapshots")).getParent();
    Path base = machine.resolve("mail.vdi");
    Path youngest = machine.resolve("Snapshots/{0d5f...}.vdi");
    Path trial = folder.resolve("trial.vdi");
    ImageTool.image("create", base, "--capacity", "4M");
    ImageTool.image("create", youngest, "--parent", base);
    String recipe =
        blockWith("/tmp/trial.vdi")
            .replace("~/VirtualBox\\ VMs/mail", machine.toString())
            .replace("/tmp/trial.vdi", trial.toString());

    String[] create = line(recipe, "varve image ");
    String[] serve = line(recipe, "varve serve ");
    ImageTool.image((Object[]) create);
    String info =
        ImageTool.image("info", serve[0], serve[1], serve[2], "--output", "json"); // --search

    assertEquals(
        List.of(base.toString(), youngest.toString(), trial.toString()),
        new JsonObject(info)
            .getJsonArray("images").stream()
                .map(each -> ((JsonObject) each).getString("file"))
                .toList());
  }

  /** The words behind {@code beginning}. */
  private static String[] line(String recipe, String beginning) {
    String found = recipe.lines().filter(l -> l.startsWith(beginning)).findFirst().orElseThrow();
    return found.substring(beginning.length()).split(" ");
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
