package dev.varve.bench;

import dev.varve.bench.compare.CompareCommand;
import dev.varve.bench.compare.IsolationCommand;
import dev.varve.bench.compare.LimitsCommand;
import dev.varve.bench.micro.MicroCommand;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The program {@code varve-bench}: how fast Varve is, alone and beside others. Runs on the main
 * thread.
 */
@Command(
    name = "varve-bench",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Measures Varve.",
    subcommands = {
      CompareCommand.class,
      IsolationCommand.class,
      LimitsCommand.class,
      MicroCommand.class,
      CommandLine.HelpCommand.class
    })
public final class BenchMain {

  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT); // numbers as programs read them
    System.exit(execute(arguments));
  }

  /** Runs a command line; returns its exit status: 0 done, 1 failed, 2 wrong usage. */
  static int execute(String... arguments) {
    return new CommandLine(new BenchMain())
        .setExecutionExceptionHandler(
            (failure, commandLine, _) -> {
              commandLine.getErr().println("varve-bench: " + failure.getMessage());
              return 1;
            })
        .execute(arguments);
  }
}
