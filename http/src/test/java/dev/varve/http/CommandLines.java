package dev.varve.http;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgGroupSpec;

/**
 * Commands in this process. Making a command line takes longer than most commands run, so that they
 * are kept and used again, each by one thread at a time. Thread-safe.
 */
public final class CommandLines {

  /** The whole program. */
  public static final CommandLines VARVE = new CommandLines(Main::commandLine);

  /** What a command did. */
  public record Run(int status, String out, String err) {}

  private final Supplier<CommandLine> making;
  private final Queue<CommandLine> idle = new ConcurrentLinkedQueue<>();

  /**
   * @param making makes one with all its commands
   */
  public CommandLines(Supplier<CommandLine> making) {
    this.making = making;
  }

  public Run run(Object... words) {
    var out = new StringWriter();
    var err = new StringWriter();
    return new Run(run(out, err, words), out.toString(), err.toString());
  }

  /** Prints to these while it runs, and returns the exit status. */
  public int run(StringWriter out, StringWriter err, Object... words) {
    CommandLine line = Objects.requireNonNullElseGet(idle.poll(), making);
    int status =
        line.setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    forgetGroups(line);
    idle.add(line);
    return status;
  }

  /** Before each command picocli forgets the options of the last one, but not groups of them. */
  private static void forgetGroups(CommandLine line) {
    for (ArgGroupSpec group : line.getCommandSpec().argGroups()) {
      try {
        group.setter().set(null);
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }
    line.getSubcommands().values().forEach(CommandLines::forgetGroups);
  }
}
