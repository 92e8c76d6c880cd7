package dev.varve.http.command;

import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
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
        TokenCommand.class
      })
  private static final class Commands {}

  private final Path state;

  ControlTool(Path state) {
    this.state = state;
  }

  /** Runs a command, fails if it does, and returns what it printed, for programs. */
  JsonObject run(Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    if (execute(out, err, arguments) != 0)
      throw new AssertionError(Arrays.toString(arguments) + ": " + out + err);
    return new JsonObject(out.toString());
  }

  /** Runs a command, which must fail, and returns why it did. */
  String failure(Object... arguments) {
    var err = new StringWriter();
    if (execute(new StringWriter(), err, arguments) != 1)
      throw new AssertionError(Arrays.toString(arguments) + " has not failed: " + err);
    return err.toString();
  }

  /** What became of a command: either it printed something for programs, or it was refused. */
  record Outcome(JsonObject answer, String refusal) {}

  /** Runs a command, which may fail. */
  Outcome attempt(Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int status = execute(out, err, arguments);
    if (status > 1) throw new AssertionError(Arrays.toString(arguments) + ": " + err);
    boolean empty = status == 1 || out.toString().isEmpty();
    return new Outcome(
        empty ? new JsonObject() : new JsonObject(out.toString()),
        status == 0 ? "" : err.toString());
  }

  private int execute(StringWriter out, StringWriter err, Object... arguments) {
    List<String> line = new ArrayList<>(Arrays.stream(arguments).map(Object::toString).toList());
    line.addAll(List.of("--output", "json", "--state", state.toString()));
    return EnumConverters.registerOn(new CommandLine(new Commands()))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setExecutionExceptionHandler(
            (e, command, _) -> {
              command.getErr().print(e.getMessage());
              return 1;
            })
        .execute(line.toArray(String[]::new));
  }
}
