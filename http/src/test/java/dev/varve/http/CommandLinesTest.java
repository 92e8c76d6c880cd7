package dev.varve.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

class CommandLinesTest {

  private static final class Limits {
    @Option(names = "--other")
    private @Nullable String other;

    @ArgGroup private @Nullable Limit limit;
  }

  private static final class Limit {
    @Option(names = "--limit")
    private @Nullable String name;
  }

  @Command(name = "outer")
  static final class Outer {
    @Spec private CommandSpec spec;

    @Command
    void inner(@Mixin Limits limits) {
      String limit = limits.limit == null ? "none" : limits.limit.name;
      spec.commandLine().getOut().print(limits.other + " " + limit);
    }
  }

  private final CommandLines lines = new CommandLines(() -> new CommandLine(new Outer()));

  @Test
  void commandKnowsNothingOfTheOneBeforeIt() {
    assertEquals("b a", lines.run("inner", "--limit", "a", "--other", "b").out());
    assertEquals("null none", lines.run("inner").out());
  }

  @Test
  void commandKnowsNothingOfARefusedOneBeforeIt() {
    assertEquals(2, lines.run("inner", "--limit", "a", "--other", "b", "--unknown").status());
    assertEquals("null none", lines.run("inner").out());
  }
}
