package dev.varve.http.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The form of a line of the log.
 *
 * <pre>
 * FILE      2026-11-27T12:24:02.123Z WARNING nbd: text
 * JOURNAL   &lt;4&gt;nbd: text
 * TERMINAL  12:24:02 warning: text
 * COMMAND   varve: text
 * </pre>
 */
enum LogForm {
  /** For a file or a pipe: the time in UTC, the level, the part of the program. */
  FILE {
    @Override
    String line(LogLine line) {
      return UTC.format(line.time())
          + " "
          + line.level()
          + " "
          + line.source()
          + ": "
          + line.text();
    }
  },

  /** For journald, which knows the time and shows the level: the priority of syslog. */
  JOURNAL {
    @Override
    String line(LogLine line) {
      String priority = "<" + line.level().priority() + ">";
      return priority + line.source() + ": " + line.text().replace("\n", "\n" + priority);
    }
  },

  /** For a terminal, with local time. */
  TERMINAL {
    @Override
    String line(LogLine line) {
      return CLOCK.format(line.time()) + " " + word(line, "", "") + line.text();
    }
  },

  /** The same in colours. */
  COLOURS {
    @Override
    String line(LogLine line) {
      String colour = line.level() == LogLevel.ERROR ? "\033[31m" : "\033[33m";
      return DIM + CLOCK.format(line.time()) + OFF + " " + word(line, colour, OFF) + line.text();
    }
  },

  /** For the user of a command. */
  COMMAND {
    @Override
    String line(LogLine line) {
      return "varve: " + line.text();
    }
  };

  private static final String DIM = "\033[2m";
  private static final String OFF = "\033[0m";
  private static final DateTimeFormatter UTC =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter().withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());

  /** A line of the log, without the end of the line. */
  abstract String line(LogLine line);

  private static String word(LogLine line, String before, String after) {
    String word = line.level().word();
    return word.isEmpty() ? "" : before + word + ":" + after + " ";
  }

  /** The form for a server whose standard error is what it is, in this environment. */
  static LogForm ofServer(Map<String, String> environment) {
    return ofServer(environment, Path.of("/proc/self/fd/2"));
  }

  /**
   * @param standardError a link to what the log goes to, as in {@code /proc/self/fd}
   */
  static LogForm ofServer(Map<String, String> environment, Path standardError) {
    if (isJournal(environment.get("JOURNAL_STREAM"), standardError)) return JOURNAL;
    if (!isTerminal(standardError)) return FILE;
    boolean plain =
        !environment.getOrDefault("NO_COLOR", "").isEmpty()
            || environment.getOrDefault("TERM", "dumb").equals("dumb");
    return plain ? TERMINAL : COLOURS;
  }

  /** systemd says the device and the inode of the stream that it has opened to journald. */
  private static boolean isJournal(@Nullable String stream, Path standardError) {
    if (stream == null) return false;
    try {
      Map<String, Object> file = Files.readAttributes(standardError, "unix:dev,ino");
      return stream.equals(file.get("dev") + ":" + file.get("ino"));
    } catch (IOException | RuntimeException _) {
      return false;
    }
  }

  private static boolean isTerminal(Path standardError) {
    try {
      return Files.readSymbolicLink(standardError)
          .toString()
          .matches("/dev/(pts/\\d+|tty.*|console)");
    } catch (IOException | RuntimeException _) {
      return false;
    }
  }
}
