package dev.varve.http.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.varve.core.limit.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class LimitOptionsTest {

  @Command
  private static final class Limits {
    @Mixin private LimitOptions options;
  }

  @Test
  void eachLimitHasAnOption() {
    var options = new CommandLine(new Limits()).getCommandSpec().options();

    List<String> names = options.stream().map(option -> option.longestName()).toList();

    assertEquals(
        List.of(
            "--max-bytes-per-second",
            "--max-read-bytes-per-second",
            "--max-write-bytes-per-second",
            "--max-operations-per-second",
            "--max-read-operations-per-second",
            "--max-write-operations-per-second",
            "--burst-milliseconds"),
        names);
    assertEquals(Stream.of(Limit.values()).map(LimitOptionsTest::option).toList(), names);
  }

  @Test
  void eachOptionSetsItsLimit() {
    var limits = new Limits();
    List<String> line = new ArrayList<>();
    for (Limit limit : Limit.values()) line.addAll(List.of(option(limit), "" + limit.ordinal()));

    new CommandLine(limits).parseArgs(line.toArray(String[]::new));

    for (Limit limit : Limit.values())
      assertEquals(limit.ordinal(), limits.options.json().getInteger(limit.key()), limit.key());
  }

  /** The option that goes with a limit's name in JSON. */
  private static String option(Limit limit) {
    return "--" + limit.key().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }
}
