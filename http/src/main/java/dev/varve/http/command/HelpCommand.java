package dev.varve.http.command;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code varve help machine snapshot take}: the same as {@code --help} behind a command. Runs on
 * the main thread.
 */
@Command(name = "help", description = "Shows the help of a command.")
public final class HelpCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "COMMAND",
      arity = "0..*",
      description =
          "The command with the commands above it, such as: machine snapshot take. If left out: all commands.")
  private List<String> words = List.of();

  @Override
  public Integer call() {
    CommandLine found = spec.root().commandLine();
    for (String word : words) {
      CommandLine next = found.getSubcommands().get(word);
      if (next == null)
        throw new ParameterException(
            spec.commandLine(),
            "'%s' is not a command of '%s'; its commands are: %s"
                .formatted(
                    word,
                    found.getCommandSpec().qualifiedName(),
                    String.join(", ", found.getSubcommands().keySet())));
      found = next;
    }
    found.usage(spec.commandLine().getOut());
    return CommandLine.ExitCode.OK;
  }
}
