package dev.varve.packages;

import dev.varve.http.command.ServeCommand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The configuration file as it is installed, and its manual page, both with every key: written from
 * the options of {@code varve serve}. For one thread.
 */
final class ConfigTexts {

  private static final int WIDTH = 110;

  /** What the service of the package needs. */
  private static final Map<String, String> SERVICE =
      Map.of("state", "\"/var/lib/varve\"", "socket-mode", "660");

  private static final String HEAD =
      """
      # The configuration of the system's Varve server (varve.service), see varve.conf(5).
      #
      # One KEY = VALUE a line; quotes around what has other signs than letters, digits, '-', '/' and '.';
      # lists in brackets: start-machines = [mail, "web 2"]. Keys are the options of 'varve serve' without '--'.
      #
      #   varve config check        tells everything that is wrong here
      #   varve config show         tells each value, and where it comes from
      #   systemctl reload varve    takes the values that can change while the server runs; the log tells which
      #   systemctl restart varve   takes all
      """;

  private final Map<String, OptionSpec> keys = ServeCommand.keys();

  /** The file, in which all but what the service needs is left to its default. */
  String file() {
    List<String> lines = new ArrayList<>(HEAD.lines().toList());
    keys.forEach(
        (key, option) -> {
          lines.add("");
          wrap(description(option)).forEach(line -> lines.add("# " + line));
          String given = SERVICE.get(key);
          lines.add(given == null ? "#" + key + " = " + example(option) : key + " = " + given);
        });
    return String.join("\n", lines) + "\n";
  }

  private static String description(OptionSpec option) {
    return Help.Ansi.OFF
        .string(String.join(" ", option.description()).formatted())
        .replaceAll("; may be repeated|, may be repeated| May be repeated[.]", "");
  }

  /** The form of a value. */
  private static String example(OptionSpec option) {
    if (option.arity().max() == 0) return "true";
    String form = '"' + option.paramLabel() + '"';
    return option.isMultiValue() ? "[" + form + "]" : form;
  }

  private static List<String> wrap(String text) {
    List<String> lines = new ArrayList<>();
    var line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (line.length() + word.length() >= WIDTH) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  /** The page varve.conf(5), as man(7) has it. */
  String page(String version, String date) {
    List<String> lines =
        new ArrayList<>(
            List.of(
                ".TH VARVE.CONF 5 \"%s\" \"Varve %s\" \"Varve\"".formatted(date, version),
                ".SH NAME",
                "varve.conf \\- configuration of varve\\-serve(1)",
                ".SH SYNOPSIS",
                ".I /etc/varve/varve.conf",
                ".SH DESCRIPTION"));
    for (String paragraph :
        Arrays.asList(
            "A server of machines reads this file when it starts, and again when it gets SIGHUP. The command line counts more, then the environment, then the file. Each line has a key, an equals sign and a value; comments begin with #. Put quotes around a value with other signs than letters, digits, '-', '/' and '.', and brackets around the values of a list. The format is HOCON without what makes other files or values count: includes, substitutions, and keys that stand there twice are errors.",
            "The file in /etc counts without --config for the user that owns the state folder which it names.",
            "When the file is read again, the log tells which values changed, and which need a restart. A file that is wrong changes nothing; a warning tells what is wrong until it is mended."))
      lines.addAll(List.of(ManPage.escaped(paragraph), ".PP"));
    lines.removeLast();
    lines.add(".SH KEYS");
    keys.forEach(
        (key, option) ->
            lines.addAll(
                List.of(
                    ".TP",
                    "\\fB%s\\fR = \\fI%s\\fR"
                        .formatted(ManPage.literal(key), ManPage.literal(example(option))),
                    ManPage.escaped(description(option)))));
    lines.addAll(
        List.of(
            ".SH SEE ALSO",
            "\\fBvarve\\-serve\\fR(1), \\fBvarve\\-config\\-check\\fR(1), \\fBvarve\\-config\\-show\\fR(1)"));
    return String.join("\n", lines) + "\n";
  }
}
