package dev.varve.http.command;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import picocli.CommandLine;

/**
 * Commands in this process. Making a command line takes longer than most commands run, so that they
 * are kept and used again, each by one thread at a time. Thread-safe.
 */
final class CommandLines {

  /** What a command did. */
  record Run(int status, String out, String err) {}

  private final Supplier<CommandLine> making;
  private final Queue<CommandLine> idle = new ConcurrentLinkedQueue<>();

  /**
   * @param making makes one with all its commands
   */
  CommandLines(Supplier<CommandLine> making) {
    this.making = making;
  }

  Run run(Object... words) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine line = Objects.requireNonNullElseGet(idle.poll(), making);
    int status =
        line.setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
    idle.add(line);
    return new Run(status, out.toString(), err.toString());
  }
}
