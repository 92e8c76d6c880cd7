package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.http.config.ConfigFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ConfigKeysTest {

  @TempDir Path folder;

  private final ConfigKeys keys = keys();

  private static ConfigKeys keys() {
    var serve = new CommandLine(new ServeCommand()).setCaseInsensitiveEnumValuesAllowed(true);
    return new ConfigKeys(serve.getCommandSpec(), serve::parseArgs);
  }

  @Test
  void whatIsForTheCommandLineAloneIsNoKey() {
    assertTrue(keys.all().keySet().containsAll(List.of("state", "tcp", "log-level")));
    for (String option : List.of("demo", "chain", "search", "read-only", "force", "config", "help"))
      assertFalse(keys.all().containsKey(option), option);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          log-level = loud       | 'log-level' cannot be 'loud': write one of error, warning, info, debug
          tcp = "localhost:x"    | 'tcp' cannot be 'localhost:x': port 'x': ports are 0 to 65535
          max-connections = many | 'max-connections' cannot be 'many': 'many' is not an int
          idle-timeout = 10      | 'idle-timeout' cannot be '10': '10' cannot be used as a time
          socket-mode = rw       | 'socket-mode' cannot be 'rw': 'rw' is no mode of a file
          state = machines       | 'state' cannot be 'machines': the meaning of a path must not depend
          tcp = [a, b]           | 'tcp' has one value, no list: write tcp = VALUE
          log-levle = info       | there is no key 'log-levle'; is 'log-level' meant?
          --tcp = "localhost"    | there is no key '--tcp'; is 'tcp' meant?
          entirely-different = 1 | there is no key 'entirely-different'; there are start-machines, state,
          allow-unencrypted-nbd = yes | 'allow-unencrypted-nbd' cannot be 'yes': write true or false
          demo = true            | 'demo' can only be given on the command line of 'varve serve', as --demo
          """)
  void aWrongSettingIsToldWithTheRuleAndWhatToDo(String setting, String problem) throws Exception {
    var file = file("\n" + setting);

    String said = keys.problems(file.settings().getFirst()).getFirst();

    assertTrue(said.startsWith(problem), said);
  }

  @Test
  void everyWrongValueOfAListIsTold() throws Exception {
    var file = file("media-root = [a, /right, b]\n");

    List<String> problems = keys.problems(file.settings().getFirst());

    assertEquals(2, problems.size(), problems::toString);
  }

  @Test
  void settingsAreOptionsUnlessSomethingElseDecides() throws Exception {
    var file = file("log-level = debug\nstate = \"/a ${sys:user.home} b\"\ntcp = 10\n");

    assertEquals(
        List.of("--log-level=debug", "--state=/a ${sys:user.home} b"),
        keys.arguments(file.settings(), option -> option.longestName().equals("--tcp")));
  }

  @Test
  void theSystemsFileIsForTheFolderThatItNamesAndForTheFoldersOwner() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    String owner = Files.getOwner(state).getName();
    Path path = file("state = \"" + state + "\"").path();

    assertEquals(path, ConfigOption.ofTheSystem(path, null, owner).path());
    assertEquals(path, ConfigOption.ofTheSystem(path, state, owner).path());
    assertNull(ConfigOption.ofTheSystem(path, folder, owner));
    assertNull(ConfigOption.ofTheSystem(path, null, "another"));
    assertNull(ConfigOption.ofTheSystem(folder.resolve("none"), null, owner));
  }

  @Test
  void whoLooksAtTheFolderOfTheSystemsServerMeansItsFileToo() throws Exception {
    Path state = Files.createDirectory(folder.resolve("state"));
    Path path = file("state = \"" + state + "\"").path();

    assertTrue(ConfigOption.isSystemLookedAt(path, state, "another"));
    assertTrue(ConfigOption.isSystemLookedAt(path, null, "root"));
    assertFalse(ConfigOption.isSystemLookedAt(path, null, "another"));
    assertFalse(ConfigOption.isSystemLookedAt(path, folder, "root"));
    assertFalse(ConfigOption.isSystemLookedAt(folder.resolve("none"), state, "root"));
  }

  private ConfigFile file(String text) throws IOException {
    return ConfigFile.read(Files.writeString(folder.resolve("varve.conf"), text));
  }
}
