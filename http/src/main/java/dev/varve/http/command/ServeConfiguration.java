package dev.varve.http.command;

import dev.varve.http.config.ConfigFile;
import dev.varve.http.config.ConfigFileException;
import dev.varve.http.config.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * What {@code varve serve} is told by its command line, the environment and the configuration file,
 * in this order: the first that says something of an option decides. Immutable.
 */
final class ServeConfiguration {

  /** What decides about an option. */
  enum Source {
    COMMAND_LINE("command line"),
    ENVIRONMENT("environment"),
    FILE("file"),
    DEFAULT("default");

    private final String words;

    Source(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  /**
   * An option with its value.
   *
   * @param values as they are written; none if no value is given
   * @param place the file and the line, or the variable of the environment; empty for none
   * @param usual what none means, in words; empty where something decides
   */
  record Value(String key, List<String> values, Source source, String place, String usual) {}

  private static final Pattern USUAL = Pattern.compile("\\((?:\\$\\w+, or )?([^()]+)\\)");

  private final @Nullable ConfigFile file;
  private final List<Value> values;
  private final List<String> problems;

  private ServeConfiguration(@Nullable ConfigFile file, List<Value> values, List<String> problems) {
    this.file = file;
    this.values = List.copyOf(values);
    this.problems = List.copyOf(problems);
  }

  /**
   * Has a command read a command line, with the settings of a file before it. Settings that are
   * wrong by themselves are left out, so that the others can be checked too.
   *
   * @param serve the command, whose options have their values afterwards
   * @param rules check whether its options go together, each by itself
   * @param given the words of its command line
   * @throws ParameterException something is wrong that does not come from the file
   */
  static ServeConfiguration read(
      CommandLine serve,
      List<Runnable> rules,
      List<String> given,
      Map<String, String> environment,
      @Nullable ConfigFile file) {
    var keys = new ConfigKeys(serve.getCommandSpec(), serve::parseArgs);
    List<Setting> right = new ArrayList<>();
    List<Setting> wrong = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    if (file != null)
      for (Setting setting : file.settings()) {
        List<String> own = keys.problems(setting);
        (own.isEmpty() ? right : wrong).add(setting);
        for (String problem : own) problems.add(file.place(setting) + ": " + problem);
      }
    ParseResult before = serve.parseArgs(given.toArray(String[]::new));
    List<String> line = new ArrayList<>();
    Predicate<OptionSpec> decided =
        option ->
            before.hasMatchedOption(option.longestName())
                || !variable(option, environment).isEmpty();
    line.addAll(keys.arguments(right, decided));
    line.addAll(given);
    serve.parseArgs(line.toArray(String[]::new));
    for (Runnable rule : rules)
      try {
        rule.run();
      } catch (ParameterException e) {
        String said = String.valueOf(e.getMessage());
        if (wrong.stream().anyMatch(setting -> namesOption(said, setting))) continue;
        if (file == null) throw e;
        problems.add(blamed(e, file, before));
      }
    List<Value> values = new ArrayList<>();
    keys.all().forEach((key, option) -> values.add(value(key, option, before, environment, file)));
    return new ServeConfiguration(file, values, problems);
  }

  /** What does not go together is the file's fault if it has one of the options that are named. */
  private static String blamed(ParameterException e, ConfigFile file, ParseResult commandLine) {
    for (Setting setting : file.settings()) {
      String said = String.valueOf(e.getMessage());
      if (namesOption(said, setting) && !commandLine.hasMatchedOption("--" + setting.key()))
        return blame(file, setting, said);
    }
    throw e;
  }

  private static boolean namesOption(String said, Setting setting) {
    return said.matches("(?s).*--" + setting.key() + "(?![a-z-]).*");
  }

  /** A problem with what a file names, and the line that names it: the longest value is meant. */
  static String blame(ConfigFile file, String said) {
    Setting blamed = null;
    int longest = 0;
    for (Setting setting : file.settings()) {
      if (blamed == null && namesOption(said, setting)) blamed = setting;
      for (String value : setting.values())
        if (value.length() > longest && said.contains(value)) {
          blamed = setting;
          longest = value.length();
        }
    }
    return blamed == null ? file.path() + ": " + said : blame(file, blamed, said);
  }

  private static String blame(ConfigFile file, Setting setting, String said) {
    return "%s: '%s': %s".formatted(file.place(setting), setting.key(), said);
  }

  private static Value value(
      String key,
      OptionSpec option,
      ParseResult before,
      Map<String, String> environment,
      @Nullable ConfigFile file) {
    if (before.hasMatchedOption(option.longestName()))
      return new Value(key, written(option, before), Source.COMMAND_LINE, "", "");
    String variable = variable(option, environment);
    if (!variable.isEmpty())
      return new Value(
          key,
          List.of(String.valueOf(environment.get(variable))),
          Source.ENVIRONMENT,
          variable,
          "");
    if (file != null)
      for (Setting setting : file.settings())
        if (setting.key().equals(key))
          return new Value(key, setting.values(), Source.FILE, file.place(setting), "");
    return new Value(key, List.of(), Source.DEFAULT, "", usual(option));
  }

  /** A description has the usual value in parentheses, behind a variable if there is one. */
  private static String usual(OptionSpec option) {
    if (option.type() == List.class) return ""; // what it has there is an example
    Matcher usual = USUAL.matcher(String.join(" ", option.description()));
    return usual.find() ? usual.group(1) : "";
  }

  private static List<String> written(OptionSpec option, ParseResult result) {
    return List.copyOf(result.matchedOption(option.longestName()).originalStringValues());
  }

  /** The variable that is set and decides about an option; empty for none. */
  private static String variable(OptionSpec option, Map<String, String> environment) {
    String name = ConfigKeys.ENVIRONMENT.getOrDefault(option.longestName().substring(2), "");
    return environment.getOrDefault(name, "").isEmpty() ? "" : name;
  }

  /** All that is wrong with the file. */
  List<String> problems() {
    return problems;
  }

  /**
   * The same, of a file that is right.
   *
   * @throws ConfigFileException with all that is wrong with it
   */
  ServeConfiguration checked() throws ConfigFileException {
    if (!problems.isEmpty()) throw new ConfigFileException(problems);
    return this;
  }

  /** The file that counts; null for none. */
  @Nullable ConfigFile file() {
    return file;
  }

  /** The values as texts, by their keys, but for those that nothing gives. */
  Map<String, String> texts() {
    return values.stream()
        .filter(value -> value.source() != Source.DEFAULT)
        .collect(Collectors.toMap(Value::key, value -> String.join(", ", value.values())));
  }

  /** Every option that is a key of the file, in the order of the command's help. */
  List<Value> values() {
    return values;
  }
}
