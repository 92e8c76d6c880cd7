package dev.varve.packages;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The manual page of a command, as man(7) has it. picocli's own generator writes AsciiDoc, whose
 * renderer is many times larger than this program. For one thread.
 */
final class ManPage {

  private final CommandSpec command;
  private final String version;
  private final String date;
  private final StringBuilder text = new StringBuilder();

  ManPage(CommandSpec command, String version, String date) {
    this.command = command;
    this.version = version;
    this.date = date;
  }

  /** Without its section: {@code varve-machine-list}. */
  String name() {
    return command.qualifiedName("-");
  }

  /** The source of the page. */
  String text() {
    text.setLength(0);
    line(".TH %s 1 \"%s\" \"Varve %s\" \"Varve\"".formatted(name().toUpperCase(), date, version));
    List<String> description = plain(command.usageMessage().description());
    section("NAME");
    line(literal(name()) + " \\- " + escaped(title(description)));
    section("SYNOPSIS");
    synopsis();
    section("DESCRIPTION");
    paragraphs(description);
    arguments();
    commands();
    List<String> footer = plain(command.usageMessage().footer());
    if (!footer.isEmpty()) section("EXIT STATUS AND ENVIRONMENT");
    paragraphs(footer);
    seeAlso();
    return text.toString();
  }

  /** The first sentence, without what ends it. */
  private static String title(List<String> description) {
    String first = description.isEmpty() ? "a command of Varve" : description.getFirst();
    return first.replaceFirst("(?s)[.:](\\s.*)?$", "");
  }

  private void synopsis() {
    String name = command.qualifiedName();
    String all = command.commandLine().getHelp().synopsis(0).replaceAll("\\s+", " ").strip();
    line(".B " + escaped(name));
    String rest = all.substring(Math.min(all.length(), name.length())).strip();
    if (!rest.isEmpty()) line(escaped(rest));
  }

  private void arguments() {
    List<PositionalParamSpec> parameters =
        command.positionalParameters().stream().filter(p -> !p.hidden()).toList();
    List<OptionSpec> options = command.options().stream().filter(o -> !o.hidden()).toList();
    if (!parameters.isEmpty()) section("ARGUMENTS");
    for (PositionalParamSpec each : parameters)
      entry("\\fI" + literal(each.paramLabel()) + "\\fR", each);
    if (!options.isEmpty()) section("OPTIONS");
    for (OptionSpec each : options) entry(names(each), each);
  }

  private static String names(OptionSpec option) {
    String value = option.arity().max() == 0 ? "" : "=\\fI" + literal(option.paramLabel()) + "\\fR";
    return Arrays.stream(option.names())
            .map(name -> "\\fB" + literal(name) + "\\fR")
            .collect(Collectors.joining(", "))
        + value;
  }

  private void entry(String heading, ArgSpec argument) {
    line(".TP");
    line(heading);
    List<String> description = plain(argument.description());
    line(description.isEmpty() ? "\\&" : escaped(String.join(" ", description)));
  }

  private void commands() {
    if (command.subcommands().isEmpty()) return;
    section("COMMANDS");
    command
        .subcommands()
        .values()
        .forEach(
            each -> {
              CommandSpec spec = each.getCommandSpec();
              line(".TP");
              line("\\fB" + literal(spec.qualifiedName("-")) + "\\fR(1)");
              line(escaped(title(plain(spec.usageMessage().description())) + "."));
            });
  }

  private void seeAlso() {
    CommandSpec parent = command.parent();
    Stream<String> others =
        parent == null
            ? command.subcommands().values().stream()
                .map(c -> c.getCommandSpec().qualifiedName("-"))
            : Stream.of(parent.qualifiedName("-"));
    section("SEE ALSO");
    line(others.map(name -> "\\fB" + literal(name) + "\\fR(1)").collect(Collectors.joining(",\n")));
  }

  private void section(String title) {
    line(".SH " + (title.contains(" ") ? '"' + title + '"' : title));
  }

  private void paragraphs(List<String> lines) {
    boolean fresh = true;
    for (String each : lines) {
      if (each.isBlank()) {
        if (!fresh) line(".PP");
        fresh = true;
      } else {
        line(escaped(each));
        fresh = false;
      }
    }
  }

  /** Without picocli's markup and formats; empty lines only between others. */
  private static List<String> plain(String[] lines) {
    String all =
        Arrays.stream(lines)
            .map(line -> Help.Ansi.OFF.string(line.formatted()))
            .collect(Collectors.joining("\n"));
    return all.isBlank() ? List.of() : all.strip().lines().toList();
  }

  /** A line of text: nothing in it is a request or an escape of roff. */
  static String escaped(String text) {
    String safe = text.strip().replace("\\", "\\(rs").replace("'", "\\(aq").replace("~", "\\(ti");
    return safe.startsWith(".") ? "\\&" + safe : safe;
  }

  /** A word that is typed as it stands. */
  static String literal(String word) {
    return escaped(word).replace("-", "\\-");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }
}
