package dev.varve.http.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of a program of the host. */
class ToolTest {

  @Test
  void aProgramThatTheHostDoesNotHaveIsToldInPlainWords() {
    Tool tool = Tool.run(List.of("no-such-program", "--all"));

    assertEquals(Tool.MISSING, tool.status());
    assertEquals("this host has no program 'no-such-program'", tool.said());
  }
}
