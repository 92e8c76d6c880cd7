package dev.varve.http.command;

import dev.varve.http.CommandLines;
import dev.varve.http.CommandLines.Run;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * {@code varve machine}, {@code medium}, {@code job} and {@code token} in this process, for one
 * state folder.
 */
final class ControlTool {

  @Command(
      subcommands = {
        MachineCommand.class,
        MediumCommand.class,
        HostCommand.class,
        JobCommand.class,
        TokenCommand.class,
        ClientsCommand.class
      })
  private static final class Commands {}

  private static final CommandLines LINES =
      new CommandLines(
          () ->
              EnumConverters.registerOn(new CommandLine(new Commands()))
                  .setCaseInsensitiveEnumValuesAllowed(true)
                  .setExecutionExceptionHandler(
                      (e, command, _) -> {
                        command.getErr().print(e.getMessage());
                        return 1;
                      }));

  private final Path state;

  ControlTool(Path state) {
    this.state = state;
  }

  /** Runs a command, fails if it does, and returns what it printed, for programs. */
  JsonObject run(Object... arguments) {
    Run run = execute(arguments);
    if (run.status() != 0)
      throw new AssertionError(Arrays.toString(arguments) + ": " + run.out() + run.err());
    return new JsonObject(run.out());
  }

  /** Runs a command, which must fail, and returns why it did. */
  String failure(Object... arguments) {
    Run run = execute(arguments);
    if (run.status() != 1)
      throw new AssertionError(Arrays.toString(arguments) + " has not failed: " + run.err());
    return run.err();
  }

  /** What became of a command: either it printed something for programs, or it was refused. */
  record Outcome(JsonObject answer, String refusal) {}

  /** Runs a command, which may fail. */
  Outcome attempt(Object... arguments) {
    Run run = execute(arguments);
    if (run.status() > 1) throw new AssertionError(Arrays.toString(arguments) + ": " + run.err());
    boolean empty = run.status() == 1 || run.out().isEmpty();
    return new Outcome(
        empty ? new JsonObject() : new JsonObject(run.out()), run.status() == 0 ? "" : run.err());
  }

  /** The metrics of the server, which it tells on the API's socket. */
  String metrics() throws IOException, InterruptedException {
    return VarveProcess.tool(
        state, "curl", "-sS", "--fail", "--unix-socket", "api.sock", "http://localhost/metrics");
  }

  private Run execute(Object... arguments) {
    List<Object> words = new ArrayList<>(List.of(arguments));
    words.addAll(List.of("--output", "json", "--state", state));
    return LINES.run(words.toArray());
  }
}
