package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

  @Test
  void machinesStartWithTheServerAndOneThatCannotIsAWarningUntilItRuns() throws Exception {
    makeMachines();
    Path file = state.resolve("machines/files/files.vbox");
    configure(
        "state = \"%s\"\napi-tcp = off\nstart-machines = [mail, nothing, mail, bad, \"%s\"]",
        state, file);

    try (var varve = VarveProcess.start(folder, "serve", "--config=varve.conf", "--output=json")) {
      var served = new JsonObject(varve.line());

      assertEquals(
          List.of("bad PoweredOff", "files Running", "mail Running"),
          served.getJsonArray("machines").stream()
              .map(JsonObject.class::cast)
              .map(each -> each.getString("name") + " " + each.getString("state"))
              .sorted()
              .toList());
      assertEquals(1, served.getJsonArray("exports").size());
      assertEquals(List.of("bad", "nothing"), notStarted());
      varve.log().await("machine 'nothing' has not started with the server: ");

      Files.move(folder.resolve("moved.vdi"), folder.resolve("gone.vdi"));
      commands().run("machine", "start", "bad");
      varve.log().await("no longer a problem: machine 'bad'");
      assertEquals(List.of("nothing"), notStarted());
    }
  }

  @Test
  void aHangupReadsTheFileAgainEvenIfTheParentHadItIgnored() throws Exception {
    configure("state = \"%s\"\napi-tcp = off\n", state);
    String ignoring = "trap '' HUP; shift; shift; exec \"$@\"";
    try (var varve =
        VarveProcess.startBehind(
            List.of("sh", "-c", ignoring, "sh"), folder, "serve", "--config=varve.conf")) {
      for (int i = 0; i < 3; i++) varve.line();
      varve.signal("HUP");
      varve.log().await("the configuration is read again: no value has changed");

      configure(
          "state = \"%s\"\napi-tcp = off\nidle-timeout = 10m\nmax-connections = 1\ntcp = 0\n",
          state);
      varve.signal("HUP");
      varve
          .log()
          .await(
              "the configuration is read again: idle-timeout is 10m now; max-connections is 1 now; tcp has changed, which needs a restart");

      configure("state = \"%s\"\napi-tcp = off\nidle-timeout = 10\n", state);
      varve.signal("HUP");
      varve.log().await("varve.conf:3: 'idle-timeout' cannot be '10'");
      assertEquals(List.of(folder.resolve("varve.conf").toString()), warned("configuration"));

      configure("state = \"%s\"\napi-tcp = off\nlog-level = debug\n", state);
      varve.signal("HUP");
      varve.log().await("log-level is debug now");
      varve.log().await("no longer a problem: the configuration was not taken");
      varve.terminate();
      assertEquals(0, varve.exitStatus());
    }
  }

  private List<String> notStarted() {
    return warned("notStarted");
  }

  private List<String> warned(String kind) {
    return commands().run("machine", "list").getJsonArray("warnings").stream()
        .map(JsonObject.class::cast)
        .filter(each -> each.getString("kind").equals(kind))
        .map(each -> each.getString("subject"))
        .sorted()
        .toList();
  }

  private ControlTool commands() {
    return new ControlTool(state);
  }

  /** Three machines; the disk of one is not there. */
  private void makeMachines() throws Exception {
    try (var server = RunningServer.start(folder)) {
      for (String name : List.of("mail", "files", "bad")) server.run("machine", "create", name);
      server.run("machine", "controller", "add", "mail", "SATA", "--bus", "SATA");
      server.run("machine", "controller", "add", "bad", "SATA", "--bus", "SATA");
      for (String name : List.of("mail", "gone")) {
        Path disk = folder.resolve(name + ".vdi");
        server.run("medium", "create", disk, "--capacity", "1M");
        server.run("machine", "attach", name.equals("mail") ? name : "bad", "SATA:0", disk);
      }
      server.stop();
    }
    Files.move(folder.resolve("gone.vdi"), folder.resolve("moved.vdi"));
  }

  private void configure(String text, Object... values) throws IOException {
    Files.writeString(folder.resolve("varve.conf"), text.formatted(values));
  }
}
