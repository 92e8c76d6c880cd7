package dev.varve.packages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.testing.NeedsTools;
import dev.varve.http.Main;
import dev.varve.http.command.ServeCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class DocumentationTest {

  @TempDir Path folder;
  private final List<CommandSpec> commands = new ArrayList<>();

  @BeforeEach
  void write() throws IOException {
    Documentation.main(new String[] {folder.toString(), "1.2.3", "2026-11-28"});
    collect(Main.commandLine());
  }

  private void collect(CommandLine command) {
    commands.add(command.getCommandSpec());
    command.getSubcommands().values().forEach(this::collect);
  }

  @Test
  void everyCommandHasAPageAndNoOtherHas() throws IOException {
    Set<String> expected =
        commands.stream()
            .map(command -> command.qualifiedName("-") + ".1")
            .collect(Collectors.toCollection(TreeSet::new));
    try (var pages = Files.list(folder.resolve("man1"))) {
      assertEquals(
          expected,
          pages
              .map(page -> page.getFileName().toString())
              .collect(Collectors.toCollection(TreeSet::new)));
    }
  }

  @Test
  void everyPageHasTheCommandsOptions() throws IOException {
    for (CommandSpec command : commands) {
      String page = page(command);
      for (OptionSpec option : command.options())
        for (String name : option.names())
          assertTrue(page.contains("\\fB" + name.replace("-", "\\-") + "\\fR"), name + page);
    }
  }

  private String page(CommandSpec command) throws IOException {
    return Files.readString(folder.resolve("man1/" + command.qualifiedName("-") + ".1"));
  }

  @Test
  void theCompletionKnowsEveryCommandAndOption() throws IOException {
    String completion = Files.readString(folder.resolve("completions/varve"));

    for (CommandSpec command : commands) {
      assertTrue(completion.contains(command.name()), command.name());
      for (OptionSpec option : command.options())
        assertTrue(completion.contains(option.longestName()), option.longestName());
    }
  }

  @Test
  void theInstalledConfigurationExplainsEveryKeyAndCanBeUsed() throws IOException {
    Path file = folder.resolve("varve.conf");
    String text = Files.readString(file);
    String page = Files.readString(folder.resolve("man5/varve.conf.5"));

    for (String key : ServeCommand.keys().keySet()) {
      assertTrue(text.contains("\n" + key + " = ") || text.contains("\n#" + key + " = "), key);
      assertTrue(page.contains("\\fB" + key.replace("-", "\\-") + "\\fR = "), key);
    }
    assertEquals(0, Main.commandLine("config").execute("config", "check", "--config=" + file));
  }

  @Test
  @NeedsTools("bash")
  void bashOffersTheCommandsOfAGroup() throws Exception {
    String ask =
        """
        . completions/varve
        COMP_WORDS=(varve machine snapshot "") COMP_CWORD=3 COMP_LINE="varve machine snapshot " COMP_POINT=23
        _complete_varve
        echo "${COMPREPLY[@]}"
        """;

    String offered = run("bash", "-c", ask);

    for (String command : List.of("take", "restore", "delete"))
      assertTrue(offered.contains(command), offered);
  }

  @Test
  @NeedsTools("groff")
  void groffHasNothingToSayOfThePages() throws Exception {
    assertEquals("", run("sh", "-c", "groff -man -ww -z man1/*.1 man5/*.5"));
  }

  @Test
  @NeedsTools("mandoc")
  void mandocWarnsOfNothing() throws Exception {
    assertEquals("", run("sh", "-c", "mandoc -Tlint -Wwarning man1/*.1 man5/*.5 || true"));
  }

  private String run(String... command) throws Exception {
    Process program =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, program.waitFor(), said);
    return said;
  }
}
