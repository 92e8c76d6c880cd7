package dev.varve.http.command;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;
import picocli.CommandLine;

/** {@code varve image} in this process. */
final class ImageTool {

  private ImageTool() {}

  /** Runs a command, fails if it does, and returns what it printed. */
  static String image(Object... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int status =
        new CommandLine(new ImageCommand())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
    if (status != 0) throw new AssertionError(Arrays.toString(arguments) + ": " + out + err);
    return out.toString();
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
