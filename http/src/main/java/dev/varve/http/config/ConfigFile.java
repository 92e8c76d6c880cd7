package dev.varve.http.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import dev.varve.core.device.FailureWords;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A configuration file, as it was when it was read. Immutable; reading blocks.
 *
 * <p>The format is HOCON: {@code key = value}, quotes around what has other signs than letters,
 * digits, {@code -}, {@code /} and {@code .}, lists in brackets, comments behind {@code #}. Of
 * HOCON it leaves out what would make other things than the file count: includes and substitutions
 * are errors, and so are keys that stand there twice, or below another key.
 */
public final class ConfigFile {

  /** More is another file, named by mistake. */
  private static final int MOST_BYTES = 1 << 20;

  /** The same of keys; for each of them what stands before it is read once more. */
  private static final int MOST_KEYS = 200;

  private static final String READABLE =
      "; the user of the server must be able to read the configuration file";

  private final Path path;
  private final List<Setting> settings;

  private ConfigFile(Path path, List<Setting> settings) {
    this.path = path;
    this.settings = List.copyOf(settings);
  }

  /**
   * Reads one.
   *
   * @throws ConfigFileException it cannot be read, or is wrong
   */
  public static ConfigFile read(Path path) throws ConfigFileException {
    Path file = path.toAbsolutePath().normalize();
    return new Reading(file, text(file)).file();
  }

  private static String text(Path file) throws ConfigFileException {
    try {
      if (Files.isDirectory(file)) throw wrong(file, "is a folder: name a file");
      if (Files.exists(file) && !Files.isRegularFile(file))
        throw wrong(file, "is no regular file: name one");
      byte[] bytes;
      try (InputStream in = Files.newInputStream(file)) {
        bytes = in.readNBytes(MOST_BYTES + 1);
      }
      if (bytes.length > MOST_BYTES)
        throw wrong(
            file, "has more than 1 MiB, which no configuration file has: name the right file");
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException _) {
      throw wrong(file, "is not in UTF-8: save it in that encoding");
    } catch (NoSuchFileException _) {
      throw wrong(file, "there is no such file; make it, or name another one with --config");
    } catch (FileSystemException e) { // its words begin with the file
      throw new ConfigFileException(FailureWords.of(e) + READABLE);
    } catch (ConfigFileException e) {
      throw e;
    } catch (IOException e) {
      throw wrong(file, FailureWords.of(e) + READABLE);
    }
  }

  private static ConfigFileException wrong(Path file, String what) {
    return new ConfigFileException(file + ": " + what);
  }

  private static ConfigFileException wrong(Path file, int line, String what) {
    return new ConfigFileException("%s:%d: %s".formatted(file, line, what));
  }

  /** Absolute. */
  public Path path() {
    return path;
  }

  /** What stands in it, from top to bottom; each key once. */
  public List<Setting> settings() {
    return settings;
  }

  /** Where a setting stands, for people. */
  public String place(Setting setting) {
    return path + ":" + setting.line();
  }

  /** Makes settings of text, and notes all that is wrong with it. For one thread. */
  private static final class Reading {

    private final Path path;
    private final String text;
    private final List<String> lines;
    private final List<Setting> settings = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();

    Reading(Path path, String text) {
      this.path = path;
      this.text = text;
      this.lines = text.lines().toList();
    }

    ConfigFile file() throws ConfigFileException {
      Config config = parsed();
      if (config.root().size() > MOST_KEYS)
        throw ConfigFile.wrong(
            path,
            "has more than %d keys, which no configuration file has: name the right file"
                .formatted(MOST_KEYS));
      List<Map.Entry<String, ConfigValue>> entries = new ArrayList<>(config.root().entrySet());
      entries.sort(Comparator.comparingInt(each -> lineOf(each.getKey(), each.getValue())));
      for (Map.Entry<String, ConfigValue> each : entries) add(each.getKey(), each.getValue());
      if (!problems.isEmpty()) throw new ConfigFileException(problems);
      return new ConfigFile(path, settings);
    }

    private Config parsed() throws ConfigFileException {
      try {
        return parse(text);
      } catch (StackOverflowError _) {
        throw ConfigFile.wrong(
            path, "has brackets within brackets without end: name the right file");
      } catch (Inclusion e) {
        throw new ConfigFileException(
            "%s: 'include %s': this file includes no other one; write its lines here"
                .formatted(path, e.getMessage()));
      } catch (ConfigException e) {
        int line = Math.max(1, e.origin() == null ? 0 : e.origin().lineNumber());
        String said = String.valueOf(e.getMessage());
        String unclosed = unclosed(said);
        int empty = lineWithoutValue(line);
        if (unclosed != null) throw ConfigFile.wrong(path, line, unclosed);
        if (empty > 0)
          throw ConfigFile.wrong(
              path, empty, "the key has no value: write one, or remove the line");
        throw ConfigFile.wrong(
            path,
            line,
            said.replaceFirst("^file: (\\d+: )?", "")
                .replaceFirst(", or you may be able to rename.*(?=\\))", "")
                .replaceAll("\\s+", " "));
      }
    }

    /** A quotation mark without its partner, in words of our own; null if it is something else. */
    private static @Nullable String unclosed(String said) {
      if (said.contains("newline in quoted strings") || said.contains("quote was still open"))
        return "a value begins with a quotation mark and does not end with one: add it";
      if (said.contains("string was still open"))
        return "a value begins with three quotation marks and does not end with them: add them";
      return null;
    }

    /**
     * A key without a value takes the next line for one, where the error shows. This finds it at or
     * above that line; 0 if there is none.
     */
    private int lineWithoutValue(int line) {
      for (int at = Math.min(line, lines.size()); at > 0; at--) {
        String code = lines.get(at - 1).replaceFirst("(#|//).*", "").strip();
        if (code.endsWith("=") || code.endsWith(":")) return at;
        if (!code.isEmpty() && at < line) return 0;
      }
      return 0;
    }

    private void add(String key, ConfigValue value) {
      int line = lineOf(key, value);
      Integer before = lineOfAnother(key, line);
      if (before != null)
        wrong(line, key, "it stands in line %d too: remove one of them".formatted(before));
      try {
        switch (value.valueType()) {
          case OBJECT -> wrong(line, key, "keys have no parts and no points: write KEY = VALUE");
          case NULL -> wrong(line, key, "null is no value: remove the line for the usual one");
          case LIST -> settings.add(new Setting(key, elements((ConfigList) value), true, line));
          default -> settings.add(new Setting(key, List.of(textOf(value)), false, line));
        }
      } catch (ConfigException.NotResolved _) {
        wrong(line, key, "${...} and += refer to other values: write the value itself");
      } catch (ConfigException _) {
        wrong(line, key, "a list has words or numbers, no lists: write [\"a\", \"b\"]");
      }
    }

    private void wrong(int line, String key, String rule) {
      problems.add("%s:%d: '%s': %s".formatted(path, line, key, rule));
    }

    private static List<String> elements(ConfigList list) {
      return list.stream().map(Reading::textOf).toList();
    }

    /** As it is written: 0660 stays so. */
    private static String textOf(ConfigValue value) {
      if (value.valueType() == ConfigValueType.NULL)
        throw new ConfigException.Generic("null in a list");
      return value.atKey("value").getString("value");
    }

    /** Values that refer to others know no line of their own. */
    private int lineOf(String key, ConfigValue value) {
      int line = value.origin().lineNumber();
      if (line > 0) return line;
      for (int i = lines.size(); i-- > 0; ) if (lines.get(i).strip().startsWith(key)) return i + 1;
      return 1;
    }

    /**
     * HOCON lets the last of equal keys win. This finds another one, by reading what stands before;
     * null if there is none.
     */
    private @Nullable Integer lineOfAnother(String key, int line) {
      if (lines.isEmpty()) return null;
      int at = Math.min(line, lines.size()) - 1;
      String before = String.join("\n", lines.subList(0, at)) + (at == 0 ? "" : "\n");
      String same = lines.get(at);
      String after = "\n" + String.join("\n", lines.subList(at + 1, lines.size()));
      Integer found = lineIn(before, key);
      for (int end = same.indexOf(','); found == null && end >= 0; end = same.indexOf(',', end + 1))
        if (lineIn(same.substring(end + 1) + after, key) != null)
          found = lineIn(before + same.substring(0, end), key);
      return found;
    }

    private static @Nullable Integer lineIn(String part, String key) {
      for (String whole : List.of(part, part + "\n}", "{" + part)) {
        try {
          ConfigValue value = parse(whole).root().get(key);
          return value == null ? null : Math.max(1, value.origin().lineNumber());
        } catch (ConfigException | StackOverflowError _) {
          // The part ends inside of something.
        }
      }
      return null;
    }

    private static Config parse(String text) {
      return ConfigFactory.parseReader(
          new StringReader(text),
          ConfigParseOptions.defaults()
              .setSyntax(ConfigSyntax.CONF)
              .setOriginDescription("file")
              .setIncluder(new NoIncludes()));
    }
  }

  /** Says no to a file that wants to include another one. */
  private static final class Inclusion extends ConfigException {
    private static final long serialVersionUID = 1;

    Inclusion(String what) {
      super(what);
    }
  }

  private static final class NoIncludes
      implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw new Inclusion(ConfigUtil.quoteString(what));
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
      throw new Inclusion("file(" + what + ")");
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
      throw new Inclusion("url(" + what + ")");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
      throw new Inclusion("classpath(" + what + ")");
    }
  }
}
