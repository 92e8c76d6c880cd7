package dev.varve.http.command;

import dev.varve.http.config.Setting;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * The keys of the configuration file: the options of {@code varve serve} without {@code --}, but
 * for those that are {@link CommandLineOnly}. A setting is put before the command line as the
 * option that it names, so that values are read and checked in one place. For one thread.
 */
final class ConfigKeys {

  /** Where the environment decides if the command line does not. */
  static final Map<String, String> ENVIRONMENT =
      Map.of("state", "VARVE_STATE", "log-level", "VARVE_LOG_LEVEL");

  private final Map<String, OptionSpec> keys = new LinkedHashMap<>();
  private final Map<String, OptionSpec> others = new LinkedHashMap<>();

  private final Consumer<String> trial;

  /**
   * @param serve the command
   * @param trial reads a command line of one word as the command does, and throws what is wrong
   *     with it by itself
   */
  ConfigKeys(CommandSpec serve, Consumer<String> trial) {
    this.trial = trial;
    for (OptionSpec option : serve.options()) {
      String key = option.longestName().substring(2);
      (isKey(option) ? keys : others).put(key, option);
    }
  }

  private static boolean isKey(OptionSpec option) {
    return !option.usageHelp()
        && !option.versionHelp()
        && option.userObject() instanceof Field field
        && !field.isAnnotationPresent(CommandLineOnly.class)
        && !field.getDeclaringClass().isAnnotationPresent(CommandLineOnly.class);
  }

  /** All keys, each with its option. */
  Map<String, OptionSpec> all() {
    return keys;
  }

  /** What is wrong with a setting by itself; empty for nothing. */
  List<String> problems(Setting setting) {
    OptionSpec option = keys.get(setting.key());
    if (option == null) return List.of(unknown(setting.key()));
    if (setting.list() && !option.isMultiValue())
      return List.of(
          "'%s' has one value, no list: write %s = VALUE".formatted(setting.key(), setting.key()));
    List<String> problems = new ArrayList<>();
    for (String value : setting.values()) {
      String fault = isPath(option) && !value.startsWith("/") ? RELATIVE : fault(option, value);
      if (fault != null)
        problems.add("'%s' cannot be '%s': %s".formatted(setting.key(), value, fault));
    }
    return problems;
  }

  private static final String RELATIVE =
      "the meaning of a path must not depend on the folder in which the server was started; write one that begins with /";

  private static boolean isPath(OptionSpec option) {
    return Arrays.asList(option.auxiliaryTypes()).contains(Path.class);
  }

  /** What the option says of a value; null for nothing. */
  private @Nullable String fault(OptionSpec option, String value) {
    try {
      trial.accept(option.longestName() + "=" + value);
      return null;
    } catch (ParameterException e) {
      if (option.arity().max() == 0) return "write true or false";
      return option.paramLabel().matches("[a-z|]+")
          ? "write one of " + option.paramLabel().replace("|", ", ")
          : rule(e);
    }
  }

  private static String rule(ParameterException e) {
    String said = e.getCause() instanceof TypeConversionException cause ? cause.getMessage() : null;
    return said != null
        ? said
        : String.valueOf(e.getMessage()).replaceFirst("^Invalid value for option .*?\\): ", "");
  }

  private String unknown(String key) {
    if (others.containsKey(key))
      return "'%s' can only be given on the command line of 'varve serve', as --%s: remove the key"
          .formatted(key, key);
    String nearest =
        keys.keySet().stream()
            .min(Comparator.comparingInt(each -> distance(each, key)))
            .orElseThrow();
    return distance(nearest, key) <= Math.max(2, key.length() / 2)
        ? "there is no key '%s'; is '%s' meant?".formatted(key, nearest)
        : "there is no key '%s'; there are %s".formatted(key, String.join(", ", keys.keySet()));
  }

  /** How many letters have to be changed, put in or left out. */
  private static int distance(String a, String b) {
    int[] before = new int[b.length() + 1];
    for (int j = 0; j < before.length; j++) before[j] = j;
    for (int i = 1; i <= a.length(); i++) {
      int[] now = new int[before.length];
      now[0] = i;
      for (int j = 1; j < now.length; j++) {
        int same = before[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        now[j] = Math.min(same, 1 + Math.min(before[j], now[j - 1]));
      }
      before = now;
    }
    return before[b.length()];
  }

  /**
   * Settings without problems as options of the command line.
   *
   * @param decided whether something that counts more than the file gives this option
   */
  List<String> arguments(List<Setting> settings, Predicate<OptionSpec> decided) {
    List<String> arguments = new ArrayList<>();
    for (Setting setting : settings) {
      OptionSpec option = keys.get(setting.key());
      if (option == null || decided.test(option)) continue;
      for (String value : setting.values()) arguments.add(option.longestName() + "=" + value);
    }
    return arguments;
  }
}
