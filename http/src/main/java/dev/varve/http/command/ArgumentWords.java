package dev.varve.http.command;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Translates the server's messages about members and parameters of a request into the options and
 * arguments of the command that sent it.
 */
final class ArgumentWords {

  private static final Pattern MEMBER =
      Pattern.compile("'([A-Za-z]+)(?:\\.[^']*)?' of the body|the parameter '([A-Za-z]+)'");
  private static final Pattern MISSING = Pattern.compile("the body lacks the member '([A-Za-z]+)'");
  private static final Pattern UNKNOWN =
      Pattern.compile("the body has no member '([A-Za-z]+)'; .*");

  /** Members that arguments have other names for; of several, the last that a command has. */
  private static final Map<String, List<String>> ARGUMENTS =
      Map.of(
          "location", List.of("FILE"),
          "settingsFile", List.of("FILE.vbox"),
          "file", List.of("FILE", "FILE.ova"),
          "name", List.of("MACHINE", "NAME"),
          "controller", List.of("CONTROLLER", "SLOT"),
          "port", List.of("SLOT"),
          "device", List.of("SLOT"),
          "group", List.of("NAME", "GROUP"));

  private ArgumentWords() {}

  static String of(String detail, CommandSpec command) {
    String text = replace(MISSING, detail, name -> word(name, command) + " is missing");
    text =
        replace(
            UNKNOWN,
            text,
            name ->
                "the server does not know %s: the server and this command are of different versions"
                    .formatted(word(name, command)));
    text = replace(MEMBER, text, name -> word(name, command));
    return text.replace(
            "the body is empty; name a member to change",
            "no option says what to change; '%s --help' lists them"
                .formatted(command.qualifiedName()))
        .replace("GET /api/v1/clients lists them", "'varve clients' lists them")
        .replace("the body", "the request");
  }

  /** How a word of the API is called here. */
  private interface Naming {
    String of(String name);
  }

  private static String replace(Pattern pattern, String text, Naming naming) {
    return pattern.matcher(text).replaceAll(m -> Matcher.quoteReplacement(naming.of(name(m))));
  }

  private static String name(MatchResult match) {
    String first = match.group(1);
    return first != null ? first : match.group(2);
  }

  /** The option or argument that a member comes from. */
  private static String word(String member, CommandSpec command) {
    String option = "--" + member.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    OptionSpec found = command.findOption(option);
    if (found != null) return option;
    List<String> labels = command.positionalParameters().stream().map(ArgSpec::paramLabel).toList();
    List<String> names = ARGUMENTS.getOrDefault(member, List.of(member.toUpperCase(Locale.ROOT)));
    return names.reversed().stream()
        .filter(labels::contains)
        .findFirst()
        .orElse("'" + member + "'");
  }
}
