package dev.varve.http.command;

import dev.varve.http.CommandLines;
import dev.varve.http.CommandLines.Run;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine;

/** {@code varve image} in this process. */
final class ImageTool {

  private static final CommandLines LINES =
      new CommandLines(
          () -> new CommandLine(new ImageCommand()).setCaseInsensitiveEnumValuesAllowed(true));

  private ImageTool() {}

  /** Runs a command, fails if it does, and returns what it printed. */
  static String image(Object... arguments) {
    Run run = LINES.run(arguments);
    if (run.status() != 0)
      throw new AssertionError(Arrays.toString(arguments) + ": " + run.out() + run.err());
    return run.out();
  }

  /** What {@code check} says of an image: clean, or leaks. */
  static String status(Path image, String... options) {
    var arguments = new Object[options.length + 2];
    arguments[0] = "check";
    arguments[1] = image;
    System.arraycopy(options, 0, arguments, 2, options.length);
    String said = image(arguments).lines().findFirst().orElseThrow();
    return said.substring(said.lastIndexOf(' ') + 1);
  }
}
